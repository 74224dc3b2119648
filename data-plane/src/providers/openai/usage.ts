import { isRecord, type Usage, usageFromOpenAi } from "@headgate/core";

/** The usage that an answer or a chunk reports; Groq hides it in a member of its own. */
export function usageIn(answer: Readonly<Record<string, unknown>>): Usage | undefined {
  const groq = answer["x_groq"];
  return (
    usageFromOpenAi(answer["usage"]) ??
    (isRecord(groq) ? usageFromOpenAi(groq["usage"]) : undefined)
  );
}
