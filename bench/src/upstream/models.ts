/** The models of the fake provider. They differ in the pace of their streams only. */
export const models = [
  /** A fast model: 200 chunks a second. Every chunk reaches a proxy as a read of its own. */
  { name: "bench-paced", pauseMs: 5 },
  /** As fast as the sockets take it, so that several chunks may arrive in one read. */
  { name: "bench-burst", pauseMs: 0 },
  /** Held open: a slow model, one chunk a second. */
  { name: "bench-held", pauseMs: 1_000 },
] as const;

/** Models of a provider that speaks Anthropic's dialect: Headgate translates their streams. */
export const translatedModels = [
  { name: "bench-paced-translated", upstream: "bench-paced" },
  { name: "bench-burst-translated", upstream: "bench-burst" },
] as const;

export type ModelName = (typeof models | typeof translatedModels)[number]["name"];

export function paceOf(name: string): { readonly pauseMs: number } {
  return models.find((model) => model.name === name) ?? models[0];
}
