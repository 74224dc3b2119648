/** What is measured, in the order of the rows of the table. */
export interface Figure {
  readonly id: FigureId;
  readonly title: string;
  readonly unit: "µs" | "ms" | "MiB";
}

export type FigureId =
  | "cpu_request_small"
  | "cpu_request_medium"
  | "cpu_request_large"
  | "cpu_stream"
  | "cpu_chunk"
  | "cpu_chunk_burst"
  | "cpu_chunk_translated"
  | "cpu_chunk_burst_translated"
  | "added_p50"
  | "added_p99"
  | "latency_p50"
  | "latency_p99"
  | "rss_idle"
  | "rss_streams_some"
  | "rss_streams_many"
  | "start";

/** In the order of the plan's body sizes and counts of held streams. */
export const plainFigures = [
  "cpu_request_small",
  "cpu_request_medium",
  "cpu_request_large",
] as const;
export const heldFigures = ["rss_streams_some", "rss_streams_many"] as const;

/** `heldStreams` is how many streams were really held; a machine may allow fewer than planned. */
export function figures(heldStreams: readonly number[]): readonly Figure[] {
  const [some = 0, many = 0] = heldStreams;
  return [
    { id: "cpu_request_small", title: "CPU per plain request, 0.3 KB body", unit: "µs" },
    { id: "cpu_request_medium", title: "CPU per plain request, 10 KB body", unit: "µs" },
    { id: "cpu_request_large", title: "CPU per plain request, 400 KB body", unit: "µs" },
    { id: "cpu_stream", title: "CPU per stream of one chunk", unit: "µs" },
    { id: "cpu_chunk", title: "CPU per further chunk, paced", unit: "µs" },
    { id: "cpu_chunk_burst", title: "CPU per further chunk, as fast as it goes", unit: "µs" },
    {
      id: "cpu_chunk_translated",
      title: "CPU per further chunk, translated from Anthropic's, paced",
      unit: "µs",
    },
    {
      id: "cpu_chunk_burst_translated",
      title: "CPU per further chunk, translated, as fast as it goes",
      unit: "µs",
    },
    { id: "added_p50", title: "Added latency at 1,000 requests/s, p50", unit: "ms" },
    { id: "added_p99", title: "Added latency at 1,000 requests/s, p99", unit: "ms" },
    { id: "latency_p50", title: "Latency at 1,000 requests/s, p50", unit: "ms" },
    { id: "latency_p99", title: "Latency at 1,000 requests/s, p99", unit: "ms" },
    { id: "rss_idle", title: "Memory, idle", unit: "MiB" },
    { id: "rss_streams_some", title: `Memory, ${grouped(some)} open streams`, unit: "MiB" },
    { id: "rss_streams_many", title: `Memory, ${grouped(many)} open streams`, unit: "MiB" },
    { id: "start", title: "Cold start to first answer", unit: "ms" },
  ];
}

function grouped(count: number): string {
  return count.toLocaleString("en-US");
}
