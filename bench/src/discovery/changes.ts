import { systemClock } from "@headgate/core";
import type { AdminApi } from "./admin-api.ts";
import { machineMs } from "./fleet-messages.ts";

export interface Change {
  readonly type: "create" | "update" | "revoke";
  readonly revision: string;
  /** When the call began, and when its answer was there. */
  readonly startedMs: number;
  readonly acknowledgedMs: number;
}

interface Written {
  readonly metadata?: { readonly revision?: string };
  readonly key?: { readonly metadata?: { readonly revision?: string } };
}

/** One key at a time: made, changed, revoked, in turns, at an even pace. */
export async function playChanges(
  api: AdminApi,
  { changes, changeEveryMs }: { readonly changes: number; readonly changeEveryMs: number },
): Promise<readonly Change[]> {
  const played: Change[] = [];
  const startMs = systemClock.now();
  for (let n = 0; n < changes; n++) {
    await systemClock.sleep(Math.max(0, startMs + n * changeEveryMs - systemClock.now()));
    played.push(await play(api, n));
  }
  return played;
}

async function play(api: AdminApi, n: number): Promise<Change> {
  const types = ["create", "update", "revoke"] as const;
  const type = types[n % types.length] ?? "create";
  const startedMs = machineMs();
  const written = await write(api, type, n);
  const acknowledgedMs = machineMs();
  const revision = written.metadata?.revision ?? written.key?.metadata?.revision;
  if (revision === undefined) throw new Error(`no revision in ${JSON.stringify(written)}`);
  return { type, revision, startedMs, acknowledgedMs };
}

function write(api: AdminApi, type: Change["type"], n: number): Promise<Written> {
  const name = `key-${n}`;
  switch (type) {
    case "create": {
      const secret = `sk-bench-new-${String(n).padStart(12, "0")}`;
      const key = { name: `new-${n}`, team: "bench", user: "user-1", models: ["gpt-4o"], secret };
      return api.call("CreateKey", { key });
    }
    case "update":
      return api.call("UpdateKey", { key: { name, user: `changed-${n}` }, updateMask: "user" });
    case "revoke":
      return api.call("RevokeKey", { name });
  }
}
