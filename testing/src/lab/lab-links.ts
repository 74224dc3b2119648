import { type Cut, type Link, type LinkTarget, type Shape, startLink } from "../links/index.ts";
import { type Endpoint, isIn } from "./place.ts";

/** The network between two parts: one link for each address that one uses of the other. */
export interface LabLink {
  readonly from: Endpoint;
  readonly to: Endpoint;
  /** What is spoken over it: `peer`, `client`, `gateway`, `admin`, `grpc`, `proxy`, `telemetry`, `api`. */
  readonly use: string;
  readonly link: Link;
}

export interface LabCut {
  /** Default `drop`. */
  readonly mode?: NonNullable<Cut["mode"]>;
  /** Lose only what the first place sends to the second. Not with `reset`. */
  readonly oneWay?: boolean;
}

/** All links of a lab. Bounded by the parts: every link is made at the start, by name. */
export class LabLinks implements AsyncDisposable {
  readonly #links: LabLink[] = [];

  async make(where: Omit<LabLink, "link">, target?: LinkTarget): Promise<Link> {
    const link = await startLink(target ? { target } : {});
    this.#links.push({ ...where, link });
    return link;
  }

  get all(): readonly LabLink[] {
    return this.#links;
  }

  /** @throws when there is none, which would be a mistake of ours. */
  find(from: Endpoint, to: Endpoint, use: string): Link {
    const found = this.#links.find(
      (one) => one.from.name === from.name && one.to.name === to.name && one.use === use,
    );
    if (!found) throw new Error(`no link for ${use} from ${from.name} to ${to.name}`);
    return found.link;
  }

  into(to: Endpoint, use: string): readonly Link[] {
    return this.#links
      .filter((one) => one.to.name === to.name && one.use === use)
      .map(({ link }) => link);
  }

  /** Every link between the two places, whichever side connects. @throws RangeError for none. */
  cut(a: string, b: string, { mode = "drop", oneWay = false }: LabCut = {}): void {
    if (mode === "reset" && oneWay) throw new RangeError("a reset goes both ways");
    this.between(a, b);
    for (const { link } of this.#from(a, b)) link.cut({ mode, way: oneWay ? "there" : "both" });
    for (const { link } of this.#from(b, a)) link.cut({ mode, way: oneWay ? "back" : "both" });
  }

  slow(a: string, b: string, shape: Shape | undefined): void {
    for (const { link } of this.between(a, b)) link.slow(shape);
  }

  /** As new: neither cut nor slow. */
  heal(links: readonly LabLink[] = this.#links): void {
    for (const { link } of links) {
      link.heal();
      link.slow(undefined);
    }
  }

  /** @throws RangeError when nothing connects the two, so that a misspelt place does not pass. */
  between(a: string, b: string): readonly LabLink[] {
    const found = new Set([...this.#from(a, b), ...this.#from(b, a)]);
    if (found.size === 0) throw new RangeError(`no link between ${a} and ${b}`);
    return [...found];
  }

  /** Those that lead out of a region into another. */
  across(region: string): readonly LabLink[] {
    const isOf = (endpoint: Endpoint) => endpoint.region === region;
    return this.#links.filter(
      ({ from, to }) =>
        from.region !== undefined && to.region !== undefined && isOf(from) !== isOf(to),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#links.map(({ link }) => link.close()));
  }

  #from(a: string, b: string): readonly LabLink[] {
    return this.#links.filter(({ from, to }) => isIn(from, a) && isIn(to, b));
  }
}
