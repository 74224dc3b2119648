import type { PeerName } from "../peers/peer.ts";
import { ratio } from "../statistics.ts";
import type { FigureId } from "./figures.ts";
import type { Summaries } from "./samples.ts";

export interface Verdict {
  readonly target: string;
  /** The most that passes. */
  readonly limit: number;
  readonly unit: string;
  /** Undefined: not measured in this run. */
  readonly value: number | undefined;
  readonly verdict: "pass" | "FAIL" | "not measured";
}

/** What Headgate promises about its speed, held against one run. */
export function judge(figures: Summaries): readonly Verdict[] {
  const of = (figure: FigureId, peer: PeerName) => figures[figure]?.[peer]?.median;
  const times = (figure: FigureId, base: PeerName) =>
    ratio(of(figure, "headgate"), of(figure, base));
  return [
    verdict("CPU per plain request / bare", 2, "x", times("cpu_request_small", "bare")),
    verdict("CPU per plain request / Portkey", 1 / 8, "x", times("cpu_request_small", "portkey")),
    verdict("CPU per streamed chunk / bare", 1.3, "x", times("cpu_chunk", "bare")),
    verdict(
      "CPU per chunk, translated / relayed",
      2.5,
      "x",
      ratio(of("cpu_chunk_translated", "headgate"), of("cpu_chunk", "headgate")),
    ),
    verdict(
      "The same, as fast as it goes",
      2.5,
      "x",
      ratio(of("cpu_chunk_burst_translated", "headgate"), of("cpu_chunk_burst", "headgate")),
    ),
    verdict("Added latency, p50", 0.5, "ms", of("added_p50", "headgate")),
    verdict("Added latency, p99", 3, "ms", of("added_p99", "headgate")),
    verdict("Cold start, data plane", 1_000, "ms", of("start", "headgate")),
    verdict("Cold start, `up`", 1_000, "ms", of("start", "headgate-up")),
    verdict("Memory idle, data plane", 110, "MiB", of("rss_idle", "headgate")),
    verdict("Memory idle, `up`", 110, "MiB", of("rss_idle", "headgate-up")),
    verdict("Memory with 10,000 streams", 450, "MiB", of("rss_streams_many", "headgate")),
  ];
}

function verdict(target: string, limit: number, unit: string, value: number | undefined): Verdict {
  if (value === undefined) return { target, limit, unit, value, verdict: "not measured" };
  return { target, limit, unit, value, verdict: value <= limit ? "pass" : "FAIL" };
}
