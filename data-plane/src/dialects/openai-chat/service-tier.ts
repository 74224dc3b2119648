/**
 * Tiers that OpenAI's clients know; other vendors have tiers of their own ("standard").
 * https://platform.openai.com/docs/api-reference/chat/object#chat/object-service_tier
 */
export function isServiceTier(tier: unknown): boolean {
  return tiers.has(tier);
}

const tiers: ReadonlySet<unknown> = new Set([
  "auto",
  "default",
  "flex",
  "scale",
  "priority",
  "fast",
]);
