/** What of a Gemini model's name its requests depend on. */
export interface ModelFamily {
  /** 2.5 for `gemini-2.5-pro-preview`; of an alias without one, the present one; 0: not a Gemini model. */
  readonly generation: number;
  readonly size: "pro" | "flash" | "flash-lite";
  /** Gemma: open models behind the same API, without system instructions and JSON mode. */
  readonly gemma: boolean;
  /** How its thinking is set. https://ai.google.dev/gemini-api/docs/thinking */
  readonly thinking: "level" | "budget" | "fixed" | "none";
}

/** @param model as configured, with or without what is before the last slash. */
export function modelFamily(model: string): ModelFamily {
  const name = model.slice(model.lastIndexOf("/") + 1).toLowerCase();
  const generation = generationOf(name);
  return {
    generation,
    size: name.includes("flash-lite") ? "flash-lite" : name.includes("flash") ? "flash" : "pro",
    gemma: name.startsWith("gemma"),
    thinking: thinkingOf(name, generation),
  };
}

function generationOf(name: string): number {
  const version = /^gemini-(\d+(?:\.\d+)?)/.exec(name)?.[1];
  if (version !== undefined) return Number(version);
  // `gemini-flash-latest` and its like are always a recent one.
  return /^gemini-.*latest$/.test(name) ? 3 : 0;
}

function thinkingOf(name: string, generation: number): ModelFamily["thinking"] {
  if (/image|tts|audio|live|embedding|computer-use/.test(name)) {
    return generation >= 3 ? "fixed" : "none";
  }
  if (generation >= 3) return "level";
  if (generation >= 2.5) return "budget";
  return generation >= 2 && name.includes("thinking") ? "fixed" : "none";
}
