/** The characters that Anthropic takes in the id of a tool call. */
export function anthropicCallId(id: string): string {
  return id.replace(/[^a-zA-Z0-9_-]/g, "_") || "call";
}
