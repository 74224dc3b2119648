import { AggregatorRegistry, Registry } from "prom-client";

export const metricsContentType = Registry.PROMETHEUS_CONTENT_TYPE;

/** All metrics of a node in Prometheus text format: its own, then the workers' summed up. */
export async function metricsText(
  node: Registry,
  workers: readonly (readonly object[])[],
): Promise<string> {
  // A name the node has too (the process, say) would appear twice and spoil the page.
  const own = new Set(node.getMetricsAsArray().map((metric) => metric.name));
  const foreign = workers.map((metrics) =>
    metrics.filter((metric) => !("name" in metric && own.has(String(metric.name)))),
  );
  const summed = AggregatorRegistry.aggregate(foreign);
  return `${await node.metrics()}\n${await summed.metrics()}`;
}
