/** Made-up ids start like this, and are never shown to Gemini: it goes by name and order then. */
const madeUp = "call_hg_";

/**
 * An id for a call that Gemini gave none: the same whenever the answer is read, and no other's in
 * the conversation.
 * @param answerId the vendor's id of the answer.
 * @param turn what stands for that id where there is none: messages so far, which only grow.
 */
export function madeUpCallId(
  answerId: string | undefined,
  {
    turn,
    choice,
    index,
  }: { readonly turn: number; readonly choice: number; readonly index: number },
): string {
  const answer = answerId ? answerId.replaceAll(/[^\w-]/g, "_").slice(0, 40) : `turn${turn}`;
  return `${madeUp}${answer}_${choice > 0 ? `${choice}_` : ""}${index}`;
}

export function isMadeUp(id: string): boolean {
  return id.startsWith(madeUp);
}
