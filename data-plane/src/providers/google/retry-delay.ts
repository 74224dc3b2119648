/** `RetryInfo.retryDelay`, a duration as protobuf writes it: "48s", "0.5s". */
export function retryDelayMs(
  details: readonly Readonly<Record<string, unknown>>[],
): number | undefined {
  for (const { "@type": type, retryDelay } of details) {
    if (typeof type !== "string" || !type.endsWith("google.rpc.RetryInfo")) continue;
    const seconds =
      typeof retryDelay === "string" ? /^(\d+(?:\.\d+)?)s$/.exec(retryDelay)?.[1] : undefined;
    if (seconds !== undefined) return Math.ceil(Number(seconds) * 1000);
  }
  return undefined;
}
