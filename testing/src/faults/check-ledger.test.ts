import { createAdminClient } from "@headgate/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningControlPlane, startControlPlane } from "../harness.ts";
import { checkLedger } from "./check-ledger.ts";
import { type Write, WriteLedger } from "./write-ledger.ts";

describe("checkLedger()", () => {
  const [fromMs, fromWallMs] = [performance.now(), Date.now()];
  let control: RunningControlPlane;

  beforeAll(async () => {
    control = await startControlPlane({
      config: "region: eu\nlisten: {admin: 127.0.0.1:0, grpc: 127.0.0.1:0}\n",
    });
    await client().createTeam({ team: { name: "there" } });
    await client().createKey({ key: { name: "there" } });
    await client().createTeam({ team: { name: "made-again" } });
    await client().deleteTeam({ name: "made-again" });
    await client().createTeam({ team: { name: "made-again" } });
  });
  afterAll(() => control[Symbol.asyncDispose]());

  it.each<{ name: string; writes: readonly Partial<Write>[]; problems: readonly string[] }>([
    {
      name: "nothing wrong with what is there and should be",
      writes: [{ name: "there" }, { name: "there", kind: "key" }],
      problems: [],
    },
    {
      name: "nothing wrong with writes in doubt, there or not",
      writes: [{ name: "there", outcome: "unknown" }, { outcome: "unknown" }],
      problems: [],
    },
    {
      name: "acknowledged writes that are lost",
      writes: [{ name: "a" }, { name: "b", kind: "key" }],
      problems: ["2 acknowledged, and lost: team a,key b"],
    },
    {
      name: "one kind in the place of the other",
      writes: [{ name: "made-again", kind: "key" }],
      problems: ["1 acknowledged, and lost: key made-again"],
    },
    {
      name: "a refused write that was made",
      writes: [{ name: "there", outcome: "refused" }],
      problems: ["1 refused as not written, and there: team there"],
    },
    {
      name: "a write that was made twice",
      writes: [{ name: "made-again" }],
      problems: ["1 made more than once by the audit log: team made-again"],
    },
  ])("finds $name", async ({ writes, problems }) => {
    const ledger = new WriteLedger();
    for (const some of writes) ledger.add(write(some));
    expect(await checkLedger(client(), ledger, fromWallMs)).toEqual(problems);
  });

  it("looks at the audit entries of its own time only", async () => {
    const ledger = new WriteLedger();
    ledger.add(write({ name: "made-again", startedMs: fromMs }));
    expect(await checkLedger(client(), ledger, Date.now() + 60_000)).toEqual([]);
  });

  function client() {
    return createAdminClient({ server: control.adminUrl, token: control.adminToken });
  }

  function write(some: Partial<Write>): Write {
    const times = { startedMs: fromMs + 1, endedMs: fromMs + 2 };
    const ended = { outcome: "acknowledged", code: "", revision: 1 } as const;
    return { kind: "team", name: "none", replica: "a", ...times, ...ended, ...some };
  }
});
