import type { LogLine } from "@headgate/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "./eventually.ts";
import { type Difference, Replica, Replicas } from "./replicas.ts";

interface Mistake extends Difference {
  readonly name: string;
  /** What standard error ends with. */
  readonly says: RegExp;
}

const mistakes: readonly Mistake[] = [
  {
    name: "a wrong password",
    env: { ETCD_PASSWORD: "not-the-password" },
    says: /^headgate: etcd at https:\S+ refuses us; check user name, password, and role \(.*\)$/,
  },
  {
    name: "no password",
    edit: (yaml) => yaml.replace("username: headgate", "").replace(/password: .*ETCD.*/, ""),
    says: /^headgate: etcd at https:\S+ (asks for a user name and password: give it both|refuses us; check user name, password, and role) \(.*\)$/,
  },
  {
    name: "another prefix than its user may use",
    edit: (yaml) => yaml.replace("prefix: /headgate", "prefix: /elsewhere"),
    says: /^headgate: etcd at https:\S+ refuses us; check user name, password, and role \(.*permission denied\)$/,
  },
  {
    name: "another authority than etcd's",
    edit: (yaml) => yaml.replace("etcd-ca.pem", "another-ca.pem"),
    says: /^headgate: etcd at https:\S+: .*certificate.*: check ca, .* under store\.etcd\.tls$/,
  },
  {
    name: "another master key",
    env: { HEADGATE_MASTER_KEY: Buffer.alloc(32, 8).toString("base64") },
    says: /^headgate: .*sealed with the key [0-9a-f]{8}, which is not here\. .*HEADGATE_MASTER_KEY/,
  },
  {
    name: "a short admin token",
    env: { HEADGATE_ADMIN_TOKEN: "short" },
    says: /^headgate: HEADGATE_ADMIN_TOKEN must have at least 16 characters/,
  },
  {
    name: "a misspelt key",
    edit: (yaml) => yaml.replace("  etcd:", "  etdc:"),
    says: /^headgate: 1 problem in .*\.yaml$/,
  },
];

describe("replicas over etcd and NATS, with TLS and passwords", { timeout: 60_000 }, () => {
  let replicas: Replicas;
  let a: Replica;
  let b: Replica;

  beforeAll(async () => {
    replicas = await Replicas.start();
    [a, b] = await Promise.all([replicas.startReplica("a"), replicas.startReplica("b")]);
  }, 60_000);
  afterAll(() => replicas?.[Symbol.asyncDispose]());

  it("are one control plane: what is written at one is read, watched and audited at the other", async () => {
    await using watch = b.follow("watch", "--json");
    await a.apply("teams: [{name: before}]\n");
    await eventually(async () => {
      const seen = watch.logs.lines.map((line) => line["name"]);
      if (!seen.includes("before")) {
        // The watch may have begun after it.
        await a.apply("teams: [{name: before}, {name: after}]\n");
        expect(seen).toContain("after");
      }
    });
    expect(await b.headgate("get", "teams")).toMatch(/^before /m);
    expect(await b.headgate("audit", "--limit", "1")).toMatch(/root \(admin\) .* Apply .*team\//);
    expect(await b.headgate("export")).toBe(await a.headgate("export"));
    const founded = [a, b].flatMap(({ process }) =>
      process.logs.withMessage("the store was empty: a new control plane begins"),
    );
    expect(founded).toHaveLength(1);
  });

  it("list the nodes of all, by certificate and by join token, at each", async () => {
    const joinToken = (await b.headgate("join-tokens", "create", "--region", "eu-west")).split(
      "\n",
    );
    const secret = joinToken.find((line) => line.startsWith("hgj_")) ?? "";
    await Promise.all([
      replicas.startNode("eu-west-1", { replica: a }),
      replicas.startNode("eu-west-2", { replica: b, joinToken: secret }),
    ]);
    for (const replica of [a, b]) {
      await eventually(async () => {
        const nodes = await replica.headgate("nodes");
        expect(nodes).toMatch(/^eu-west-1 +eu-west +connected .* a$/m);
        expect(nodes).toMatch(/^eu-west-2 +eu-west +connected .* b$/m);
      });
    }
  });

  it.each(mistakes)(
    "do not start with $name, and say what to do",
    async ({ says, ...difference }) => {
      const process = await replicas.launch("c", difference);
      expect((await process.exited).code, process.logs.tail()).toBe(1);
      expect(process.logs.lines.filter((line) => "text" in line).at(-1)?.["text"]).toMatch(says);
      expect(process.logs.tail(Number.POSITIVE_INFINITY)).not.toContain("not-the-password");
    },
  );

  it("start without the bus, and say so", async () => {
    const env = { NATS_PASSWORD: "not-the-password" };
    const process = await replicas.launch("c", { env });
    await process.waitUntilReady();
    const isTold = (line: LogLine) => String(line["reason"]).startsWith("no connection to NATS");
    const { reason } = await process.logs.waitFor(isTold, "the trouble with NATS");
    expect(reason).toMatch(/Authorization Violation: check token, username and password, or cred/);
    const status = await new Replica(process, replicas.folder).headgate("status");
    expect(status).toMatch(/^store +etcd, good$/m);
    expect(status).toMatch(/^bus +nats, no connection$/m);
    expect(await process.stop()).toEqual({ code: 0, signal: null });
  });

  it("elect one leader, and another when that one ends", async () => {
    const [leader, other] = await leaderFirst([a, b]);
    expect(await leader.process.stop()).toEqual({ code: 0, signal: null });
    // In order: the other need not wait for a lease to end.
    expect(leader.process.logs.withMessage("no longer the leader")).toMatchObject([
      { scope: "global", reason: "stopped" },
    ]);
    await eventually(async () => {
      expect(leadersIn(await other.headgate("status"))).toEqual([other.name]);
    });
  });

  it("wait for etcd when they start before it, and say so once", async () => {
    await replicas.etcd.stop();
    const process = await replicas.launch("d");
    const isWaiting = (line: LogLine) => /does not answer yet; waiting/.test(String(line["msg"]));
    await process.logs.waitFor(isWaiting, "it to wait");
    await replicas.etcd.restart();
    await process.waitUntilReady();
    expect(process.logs.lines.filter(isWaiting)).toHaveLength(1);
    expect(process.logs.lines.filter((line) => "text" in line)).toEqual([]);
    expect(await new Replica(process, replicas.folder).headgate("get", "teams")).toMatch(
      /^before /m,
    );
  });
});

/** The replica that leads, and one that does not, once all agree. */
async function leaderFirst(all: readonly [Replica, Replica]): Promise<readonly [Replica, Replica]> {
  return await eventually(async () => {
    const texts = await Promise.all(all.map((replica) => replica.headgate("status")));
    for (const text of texts) {
      expect(text).toMatch(/^a +eu-west +up /m);
      expect(text).toMatch(/^b +eu-west +up /m);
      expect(leadersIn(text)).toEqual(leadersIn(texts[0] ?? ""));
    }
    const [leader, ...others] = leadersIn(texts[0] ?? "");
    expect(others).toEqual([]);
    return leader === all[0].name ? all : [all[1], all[0]];
  });
}

/** Names of those that `headgate status` says lead. */
function leadersIn(status: string): readonly string[] {
  return [...status.matchAll(/^(\S+) +\S+ +(?:up|silent) +\d+ +\d+ +global /gm)].map(
    ([, name = ""]) => name,
  );
}
