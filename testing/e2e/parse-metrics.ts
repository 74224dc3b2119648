/** One family of a page in Prometheus text format. */
export interface MetricFamily {
  readonly type: string;
  readonly help: string;
  /** By name and labels, the labels in alphabetical order: `x_total{a="1",b="2"}`. */
  readonly samples: Map<string, number>;
}

/**
 * A page in Prometheus text format, read as strictly as scrapers may.
 *
 * @throws Error naming the line: a family that comes twice, a sample outside of its family or given
 * twice, a label or value that is none, a histogram whose buckets do not add up.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function parseMetrics(text: string): ReadonlyMap<string, MetricFamily> {
  const families = new Map<string, MetricFamily>();
  let current: { name: string; family: MetricFamily } | undefined;
  let help: { name: string; text: string } | undefined;
  if (!text.endsWith("\n")) throw new Error("the page does not end with a line end");
  for (const line of text.split("\n")) {
    const problem = (what: string) => new Error(`${what}: ${line}`);
    if (line === "") continue;
    const [, word, name = "", rest = ""] =
      /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line) ?? [];
    if (word === "HELP") {
      if (families.has(name)) throw problem("the family comes twice");
      help = { name, text: rest };
    } else if (word === "TYPE") {
      if (families.has(name)) throw problem("the family comes twice");
      if (help?.name !== name) throw problem("the type has no help before it");
      if (!/^(counter|gauge|histogram|summary)$/.test(rest)) throw problem("not a type");
      current = { name, family: { type: rest, help: help.text, samples: new Map() } };
      families.set(name, current.family);
    } else {
      const sample = parseSample(line);
      if (!sample) throw problem("not a sample");
      if (!current || !belongs(sample.name, current)) throw problem("not of the family before it");
      if (current.family.samples.has(sample.id)) throw problem("the sample comes twice");
      current.family.samples.set(sample.id, sample.value);
    }
  }
  for (const [name, family] of families)
    if (family.type === "histogram") checkBuckets(name, family);
  return families;
}

/** The samples of one family, or none. */
export function samplesOf(
  families: ReadonlyMap<string, MetricFamily>,
  name: string,
): Readonly<Record<string, number>> {
  const samples = families.get(name)?.samples ?? new Map<string, number>();
  return Object.fromEntries([...samples].map(([id, value]) => [id.slice(name.length), value]));
}

interface Sample {
  readonly name: string;
  readonly id: string;
  readonly value: number;
}

const label = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"/;
const sampleLine = new RegExp(
  `^([a-zA-Z_:][\\w:]*)(?:\\{((?:${label.source},?)*)\\})? (\\S+)(?: \\d+)?$`,
);

function parseSample(line: string): Sample | undefined {
  const match = sampleLine.exec(line);
  if (!match) return undefined;
  const [, name = "", inner = ""] = match;
  const text = match[5] ?? "";
  const value = text === "+Inf" ? Number.POSITIVE_INFINITY : Number(text);
  // Scrapers read NaN in any case, and prom-client writes "Nan".
  if (Number.isNaN(value) && text.toLowerCase() !== "nan") return undefined;
  const labels = [...inner.matchAll(new RegExp(label, "g"))].map(([whole]) => whole);
  const id = labels.length === 0 ? name : `${name}{${labels.toSorted().join(",")}}`;
  return { name, id, value };
}

function belongs(
  sample: string,
  { name, family }: { name: string; family: MetricFamily },
): boolean {
  if (sample === name) return family.type !== "histogram";
  if (family.type === "counter" || family.type === "gauge") return false;
  return [`${name}_bucket`, `${name}_sum`, `${name}_count`].includes(sample);
}

/** Buckets grow with their bound, and the last, `+Inf`, has as many as there are. */
function checkBuckets(name: string, { samples }: MetricFamily): void {
  const last = new Map<string, { bound: number; count: number }>();
  for (const [id, count] of samples) {
    if (!id.startsWith(`${name}_bucket`)) continue;
    const bound = Number((/le="([^"]+)"/.exec(id)?.[1] ?? "").replace("+Inf", "Infinity"));
    const series = id.replace(/,?le="[^"]+"/, "").replace("{,", "{");
    const before = last.get(series);
    if (before && (bound <= before.bound || count < before.count)) {
      throw new Error(`buckets do not grow: ${id}`);
    }
    last.set(series, { bound, count });
  }
  for (const [series, { bound, count }] of last) {
    const total = samples.get(series.replace("_bucket", "_count").replace("{}", ""));
    if (bound !== Number.POSITIVE_INFINITY || total !== count) {
      throw new Error(`+Inf and the count differ, or one is missing: ${series}`);
    }
  }
}
