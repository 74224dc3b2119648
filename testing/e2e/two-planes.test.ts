import { readFileSync } from "node:fs";
import { join } from "node:path";
import { create, type DescMessage, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { createSealer } from "@headgate/config";
import { createEmbeddedStore } from "@headgate/control-plane";
import { systemClock } from "@headgate/core";
import { type admin, resources } from "@headgate/proto";
import { createAdminClient } from "@headgate/sdk";
import { type FakeProvider, type RunningDataPlane, startFakeProvider } from "@headgate/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chatStatus } from "./chat.ts";
import { eventually } from "./eventually.ts";
import { Planes } from "./planes.ts";

const key = "sk-hg-two-planes-0123456789";

/** A node that lost its control plane looks again after a pause that grows: up to 20 s by the third. */
const reconnectMs = 30_000;

const atOnceMs = 1_000;

describe("the planes as two processes", { timeout: 60_000 }, () => {
  let resourcesOfTest: AsyncDisposableStack;
  let provider: FakeProvider;
  let planes: Planes;

  beforeEach(async () => {
    resourcesOfTest = new AsyncDisposableStack();
    provider = resourcesOfTest.use(await startFakeProvider());
    planes = resourcesOfTest.use(await Planes.start({ resources: yaml(["chat"]) }));
  });
  afterEach(() => resourcesOfTest.disposeAsync());

  it("lose no call when the control plane is killed, and catch up when it is back", async () => {
    const node = await planes.startNode();
    const trickle = resourcesOfTest.use(new Trickle(node));
    await trickle.hasServed(10);
    await planes.controlPlane.process.kill();
    await trickle.hasServed(40);
    expect(await trickle.stop()).toEqual(new Set([200]));

    await node.process.stop();
    const restarted = await planes.startNode();
    expect(await status(restarted)).toBe(200);
    expect(await ready(restarted)).toMatchObject({ control_plane_connected: false });

    await planes.startControlPlane();
    await planes.apply(yaml(["chat", "later"]));
    await eventually(
      async () => expect(await status(restarted, { model: "later" })).toBe(200),
      reconnectMs,
    );
    expect(await planes.headgate("nodes")).toMatch(/^test-1 +test +connected +(\d+) +\1 /m);
  });

  it("let a new key in and a revoked one out within a second", async () => {
    const node = await planes.startNode();
    const created = await planes.headgate("keys", "create", "made-by-cli", "--team", "e2e");
    const secret = created.split("\n").find((line) => line.startsWith("sk-")) ?? "";
    // "At once" is the debounce time and a hop: what a person who pastes the key can't notice.
    await eventually(async () => expect(await status(node, { secret })).toBe(200), atOnceMs);

    const client = adminClient();
    await client.revokeKey({ name: "made-by-cli" });
    await eventually(async () => expect(await status(node, { secret })).toBe(401), atOnceMs);
    expect(await status(node)).toBe(200);

    expect(await planes.headgate("keys", "revoke", "e2e")).toBe("key/e2e revoked");
    await eventually(async () => expect(await status(node)).toBe(401), atOnceMs);
    expect(provider.requests.length).toBeGreaterThan(0);
  });

  it("refuse a poisoned snapshot, serve the one before, say why, and heal", async () => {
    const node = await planes.startNode();
    await planes.controlPlane.process.stop();
    await poisonStore(planes.controlFolder);

    await planes.startControlPlane();
    // Each is found, one after the other: references are looked at last. All else goes on.
    const refusing = await untilNode((one) => one.heldBack.length === 2);
    expect(refusing.lastNack).toBeDefined();
    const said = await planes.headgate("nodes");
    expect(said).toMatch(/^test-1 +test +refusing /m);
    expect(said).toMatch(/^test-1 refused version \d+ at \S+:$/m);
    expect(said).toMatch(/^held back from test-1, since nodes of build \S+ refuse it:$/m);
    expect(said).toMatch(/^ {2}provider bad-url: base_url: is not an absolute http or https URL/m);
    expect(said).toMatch(
      /^ {2}model dangling: deployments\[0\]\.provider: there is no provider "nowhere"/m,
    );
    expect(await status(node)).toBe(200);
    expect(await status(node, { model: "dangling" })).toBe(404);
    expect(await node.process.logs.waitFor(isRefusal, "the node's own log of it")).toMatchObject({
      rejected: expect.arrayContaining([expect.objectContaining({ name: "bad-url" })]),
    });
    const [secret = ""] = /sk-hg-\w+/.exec(await planes.headgate("keys", "create", "new")) ?? [];
    await eventually(async () => expect(await status(node, { secret })).toBe(200));

    const client = adminClient();
    const { revision } = (await client.getProvider({ name: "bad-url" })).metadata ?? {};
    await client.updateProvider({
      provider: badProvider("http://127.0.0.1:9/v1", revision),
    });
    await untilNode((one) => one.heldBack.map(({ name }) => name).join() === "dangling");

    expect(await planes.headgate("delete", "model", "dangling")).toContain(
      "model/dangling deleted",
    );
    const healed = await untilNode(
      (one) => one.appliedVersion === one.currentVersion && one.heldBack.length === 0,
    );
    expect(healed.lastNack).toBeUndefined();
    await planes.apply(yaml(["chat", "after"]));
    await eventually(async () => expect(await status(node, { model: "after" })).toBe(200));
  });

  function yaml(models: readonly string[]): string {
    const entries = models.map((name) => `  - {name: ${name}, deployments: [{provider: fake}]}`);
    return `
providers:
  - name: fake
    type: openai-compatible
    base_url: ${provider.baseUrl}
    credentials: [{name: fake-a, api_key: sk-upstream}]
models:
${entries.join("\n")}
teams: [{name: e2e}]
keys: [{name: e2e, team: e2e, secret: ${key}}]
`;
  }

  function adminClient() {
    const { adminUrl, adminToken } = planes.controlPlane;
    return createAdminClient({ server: adminUrl, token: adminToken });
  }

  /** The node as the control plane sees it, once it `holds`. */
  async function untilNode(holds: (node: admin.Node) => boolean): Promise<admin.Node> {
    return await eventually(async () => {
      const { nodes } = await adminClient().listNodes({});
      const [node] = nodes;
      if (node && holds(node)) return node;
      throw new Error(`not so far: ${JSON.stringify(nodes.map(messagesOf))}`);
    }, reconnectMs);
  }
});

/** Calls one after the other, without a pause, until told to stop. */
class Trickle implements AsyncDisposable {
  readonly #statuses: number[] = [];
  readonly #done: Promise<void>;
  #stopping = false;

  constructor(node: RunningDataPlane) {
    this.#done = this.#run(node);
  }

  /** Resolves when `count` more calls have been answered. */
  async hasServed(count: number): Promise<void> {
    const target = this.#statuses.length + count;
    await eventually(async () => expect(this.#statuses.length).toBeGreaterThanOrEqual(target));
  }

  /** Every status there was. */
  async stop(): Promise<ReadonlySet<number>> {
    this.#stopping = true;
    await this.#done;
    return new Set(this.#statuses);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #run(node: RunningDataPlane): Promise<void> {
    while (!this.#stopping) this.#statuses.push(await status(node));
  }
}

function status(
  { proxyUrl }: RunningDataPlane,
  { secret = key, model = "chat" }: { readonly secret?: string; readonly model?: string } = {},
): Promise<number> {
  return chatStatus({ proxyUrl, key: secret, model });
}

async function ready({ telemetryUrl }: RunningDataPlane): Promise<unknown> {
  return await (await fetch(`${telemetryUrl}/health/ready`)).json();
}

function isRefusal(line: Readonly<Record<string, unknown>>): boolean {
  return String(line["msg"]).startsWith("snapshot refused");
}

function messagesOf(node: admin.Node): readonly string[] {
  return node.lastNack?.rejected.map(({ message }) => message) ?? [];
}

function badProvider(baseUrl: string, revision = 0n): resources.Provider {
  return create(resources.ProviderSchema, {
    name: "bad-url",
    type: resources.ProviderType.OPENAI_COMPATIBLE,
    baseUrl,
    credentials: [{ name: "bad-a" }],
    metadata: { revision },
  });
}

/** What no API lets in: as if a defect, or a hand on the database, had written it. */
async function poisonStore(controlFolder: string): Promise<void> {
  const folder = join(controlFolder, "data");
  const sealer = createSealer(readFileSync(join(folder, "master.key")));
  const store = createEmbeddedStore({ path: join(folder, "headgate.db"), clock: systemClock });
  const sealed = <D extends DescMessage>(at: string, schema: D, message: MessageShape<D>) => ({
    type: "put" as const,
    key: at,
    value: sealer.seal(toBinary(schema, message), at),
  });
  const dangling = create(resources.ModelSchema, {
    name: "dangling",
    deployments: [{ provider: "nowhere" }],
  });
  const writes = [
    sealed("/resources/provider/bad-url", resources.ProviderSchema, badProvider("not a url")),
    sealed("/resources/model/dangling", resources.ModelSchema, dangling),
  ];
  const result = await store.transact({ compare: [], writes });
  await store.close();
  expect(result.ok).toBe(true);
}
