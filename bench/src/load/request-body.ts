import type { Shape } from "./commands.ts";

/** A chat request of exactly `bodyBytes`, or as small as its fields allow. */
export function requestBody({ model, bodyBytes, chunks }: Shape): Buffer {
  const fields = {
    model,
    stream: chunks !== undefined,
    max_tokens: chunks ?? 1_024,
    temperature: 0.2,
  };
  const body = (content: string) =>
    Buffer.from(JSON.stringify({ ...fields, messages: [{ role: "user", content }] }));
  const padding = Math.max(0, bodyBytes - body("").length);
  return body("Who takes how much water? ".repeat(Math.ceil(padding / 26)).slice(0, padding));
}
