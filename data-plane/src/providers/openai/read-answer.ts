import { type Usage, usageFromOpenAi } from "@headgate/core";

/** Usage from the last bytes of an answer too large to hold: providers write it at the end. */
export function usageFromTail(tail: Buffer): Usage | undefined {
  const at = tail.lastIndexOf('"usage"');
  if (at < 0) return undefined;
  const text = tail.toString("latin1", at + '"usage"'.length);
  // The object ends at one of the closing braces; which one, parsing tells.
  const start = text.indexOf("{");
  if (start < 0) return undefined;
  for (let end = text.indexOf("}"); end >= 0; end = text.indexOf("}", end + 1)) {
    try {
      return usageFromOpenAi(JSON.parse(text.slice(start, end + 1)));
    } catch {
      // Not this one: the brace closes an object within.
    }
  }
  return undefined;
}
