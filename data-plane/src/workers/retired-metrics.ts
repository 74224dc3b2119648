import { AggregatorRegistry } from "prom-client";

/**
 * The counters and histograms of threads that are gone, as one set. They stay in the sums: a sum
 * that falls reads as a restart, and rate() would then count everything that is left once more.
 * Gauges say what is now, so theirs go with the thread.
 */
export function mergeRetiredMetrics(
  earlier: readonly object[],
  last: readonly object[],
): readonly object[] {
  const lasting = last.filter(isCumulative);
  if (lasting.length === 0) return earlier;
  return AggregatorRegistry.aggregate([[...earlier], lasting]).getMetricsAsArray();
}

function isCumulative(metric: object): boolean {
  return "type" in metric && (metric.type === "counter" || metric.type === "histogram");
}
