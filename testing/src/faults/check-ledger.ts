import { type AdminClient, auditEntries, listAll } from "@headgate/sdk";
import type { WriteLedger } from "./write-ledger.ts";

/** Names in a message; there may be thousands. */
const namedMax = 5;

/**
 * What is wrong with the store, given what its writers know: acknowledged writes that are not there,
 * refused ones that are, and any that was made other than once by its audit entries since `sinceWallMs`.
 */
export async function checkLedger(
  client: AdminClient,
  ledger: WriteLedger,
  sinceWallMs: number,
): Promise<readonly string[]> {
  const stored = new Set<string>();
  for await (const { name } of listAll(client, "team")) stored.add(`team ${name}`);
  for await (const { name } of listAll(client, "key")) stored.add(`key ${name}`);
  // After the lists: a write that was still under way may be in these and not in those.
  const made = await creations(client, sinceWallMs);
  const sinceMs = performance.now() - (Date.now() - sinceWallMs);
  const problems = new Map<string, string[]>();
  const wrong = (what: string, id: string) =>
    problems.set(what, [...(problems.get(what) ?? []), id]);
  for (const { kind, name, outcome, startedMs } of ledger.all) {
    const id = `${kind} ${name}`;
    const isStored = stored.has(id);
    if (outcome === "acknowledged" && !isStored) wrong("acknowledged, and lost", id);
    if (outcome === "refused" && isStored) wrong("refused as not written, and there", id);
    const times = made.get(id) ?? 0;
    if (times > 1) wrong("made more than once by the audit log", id);
    const isKnown = startedMs > sinceMs && isStored;
    if (isKnown && times === 0) wrong("there, and not in the audit log", id);
  }
  return [...problems].map(([what, ids]) => `${ids.length} ${what}: ${ids.slice(0, namedMax)}`);
}

/** How often each was created, by the audit log. */
async function creations(client: AdminClient, sinceWallMs: number): Promise<Map<string, number>> {
  const made = new Map<string, number>();
  const seconds = BigInt(Math.floor(sinceWallMs / 1_000));
  const query = { startTime: { seconds, nanos: 0 }, pageSize: 1_000 };
  for await (const { method, changes } of auditEntries(client, query)) {
    if (method !== "CreateTeam" && method !== "CreateKey") continue;
    for (const { kind, name } of changes) {
      const id = `${kind} ${name}`;
      made.set(id, (made.get(id) ?? 0) + 1);
    }
  }
  return made;
}
