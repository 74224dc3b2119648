/** A JSON object of Ollama's. */
export type Json = Readonly<Record<string, unknown>>;
