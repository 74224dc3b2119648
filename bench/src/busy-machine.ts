/** From this share of its cores on, other work on the machine shows in the times on the wall. */
const quietShareMax = 0.3;

/** A notice if the machine had other work; `load` is the load average of the last minute. */
export function busyMachine({
  load = 0,
  cores,
}: {
  readonly load: number | undefined;
  readonly cores: number;
}): readonly string[] {
  if (load <= cores * quietShareMax) return [];
  return [
    `the machine was busy before the run began (load average ${load.toFixed(1)} on ${cores} cores): ` +
      "latency and cold start say little, CPU times are too high for all",
  ];
}
