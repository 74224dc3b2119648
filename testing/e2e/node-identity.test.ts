import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { admin } from "@headgate/proto";
import { type AdminClient, auditEntries } from "@headgate/sdk";
import {
  type Authority,
  type Certificate,
  createAuthority,
  HeadgateProcess,
  type RunningControlPlane,
  startControlPlane,
  startDataPlane,
  temporaryFolder,
} from "@headgate/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "./eventually.ts";
import { RawNode } from "./node-security/raw-node.ts";
import { trustingClient } from "./node-security/trusting-client.ts";

/** A node that was refused looks again after a pause that grows: up to 20 s by the third. */
const reconnectMs = 40_000;

describe("a node in a process of its own", { timeout: 120_000 }, () => {
  let stack: AsyncDisposableStack;
  let controlFolder: string;
  let nodeFolder: string;
  let authority: Authority;
  beforeEach(() => {
    stack = new AsyncDisposableStack();
    controlFolder = stack.use(temporaryFolder()).path;
    nodeFolder = stack.use(temporaryFolder()).path;
    authority = createAuthority();
  });
  afterEach(() => stack.disposeAsync());

  describe("with a join token", () => {
    it("joins once, and is let in after a restart with the used token, or none", async () => {
      const plane = await start("node_auth: {join_token: settings-0123456789abcdef}");
      const client = trustingClient(plane, authority);
      const { token, joinToken } = await client.createJoinToken({ joinToken: { region: "eu" } });
      const given = `, join_token: ${token}`;
      for (const settings of [given, given, ""]) {
        await using node = await startDataPlane(nodeSettings(plane, settings));
        await connected(client);
        await node.process.stop();
        await eventually(async () => expect(await stateOf(client)).toBe("DISCONNECTED"));
      }
      const { joinTokens } = await client.listJoinTokens({});
      expect(joinTokens).toMatchObject([{ id: joinToken?.id, uses: 1 }]);
      // Whoever does as the page says leaves no trace of an attack.
      expect(await refusals(client)).toEqual([]);
    });

    it("is not let in with a token that another node has used", async () => {
      const plane = await start("node_auth: {join_token: settings-0123456789abcdef}");
      const client = trustingClient(plane, authority);
      const { token } = await client.createJoinToken({});
      await using first = await startDataPlane(nodeSettings(plane, `, join_token: ${token}`));
      await connected(client);
      await first.process.stop();

      const other = stack.use(temporaryFolder()).path;
      const settings = nodeSettings(plane, `, join_token: ${token}`, "eu-2");
      await using second = startUnready({ ...settings, folder: other });
      await second.logs.waitFor(
        ({ reason }) => /this join token was used before/.test(String(reason)),
        "the node to say why it is not let in",
      );
      await eventually(async () => {
        expect((await refusals(client))[0]).toMatch(/^anonymous Join .*used before.*node eu-2\)$/);
      });
    });

    it("is out at once when it is deleted, says so, and goes on serving", async () => {
      const plane = await start("node_auth: {join_token: settings-0123456789abcdef}");
      const client = trustingClient(plane, authority);
      const { token } = await client.createJoinToken({});
      await using node = await startDataPlane(nodeSettings(plane, `, join_token: ${token}`));
      await connected(client);
      await client.deleteNode({ name: "eu-1" });
      await node.process.logs.waitFor(
        ({ reason }) => /join token was used before/.test(String(reason)),
        "the node to be refused",
        reconnectMs,
      );
      expect(await stateOf(client)).not.toBe("CONNECTED");
      expect((await fetch(`${node.proxyUrl}/health/ready`)).status).toBe(200);
      await eventually(async () => {
        const told = await refusals(client);
        expect(told).toContainEqual(expect.stringMatching(/^anonymous IssueNodeToken .*must join/));
        expect(told).toContainEqual(expect.stringMatching(/^anonymous Join .*used before/));
      });
    });
  });

  describe("with a certificate", () => {
    it("uses the one that was renewed on disk, without a restart", async () => {
      const first = await start(withTls());
      const shown = writeNodeCertificate(authority);
      const settings = nodeSettings(first, shown);
      await using node = await startDataPlane(settings);
      await connected(trustingClient(first, authority));

      // From now on another authority signs nodes' certificates, and the node has an old one.
      const next = createAuthority("The next authority");
      await first.process.stop();
      writeFileSync(join(controlFolder, "ca.pem"), next.ca);
      const second = await start(withTls(), first);
      const client = trustingClient(second, authority);
      await eventually(async () => {
        const told = await refusals(client);
        expect(told).toContainEqual(
          expect.stringMatching(/^anonymous StreamSnapshots .*not signed/),
        );
      }, reconnectMs);
      expect(await stateOf(client)).not.toBe("CONNECTED");

      writeNodeCertificate(next);
      await connected(client);
      expect(node.process.logs.withMessage("certificates were read anew")).not.toEqual([]);
      expect(node.process.running).toBe(true);
    });

    it("keeps its stream while the server's certificate is replaced, and new ones get that", async () => {
      const plane = await start(withTls());
      const client = trustingClient(plane, authority);
      await using _node = await startDataPlane(
        nodeSettings(plane, writeNodeCertificate(authority)),
      );
      const before = await connected(client);
      const old = await fingerprint(plane);

      writeServerCertificate();
      const lookedMs = 15_000;
      await eventually(async () => expect(await fingerprint(plane)).not.toBe(old), lookedMs);
      const shown = authority.issue(certificateOf("eu-9"));
      using another = new RawNode(plane.grpcUrl, { ...shown, ca: authority.ca });
      await another.stream({ node: "eu-9", region: "eu" });

      await client.createTeam({ team: { name: "later" } });
      const after = await eventually(async () => {
        const node = await nodeOf(client);
        expect(node?.appliedVersion).toBeGreaterThan(before.appliedVersion);
        return node;
      });
      expect(connectTimeMs(after)).toBe(connectTimeMs(before));
    });
  });

  async function start(more: string, again?: RunningControlPlane): Promise<RunningControlPlane> {
    const port = (url: string | undefined) => (url === undefined ? 0 : new URL(url).port);
    const config = `
region: eu
listen: {admin: "127.0.0.1:${port(again?.adminUrl)}", grpc: "127.0.0.1:${port(again?.grpcUrl)}"}
data_dir: ./data
${more}
`;
    return stack.use(await startControlPlane({ config, folder: controlFolder }));
  }

  function nodeSettings({ grpcUrl }: RunningControlPlane, more: string, node = "eu-1") {
    const config = `
region: eu
node: ${node}
listen: {proxy: "127.0.0.1:0", telemetry: "127.0.0.1:0"}
control_plane: {endpoints: ["${grpcUrl}"]${more}}
state_dir: ./state
workers: 1
`;
    return { config, folder: nodeFolder };
  }

  /** Before there is a snapshot. */
  function startUnready({ config, folder }: ReturnType<typeof nodeSettings>): HeadgateProcess {
    const file = join(folder, "data-plane.yaml");
    writeFileSync(file, config);
    return new HeadgateProcess({ args: ["data-plane", "--config", file], folder });
  }

  function withTls(): string {
    writeServerCertificate();
    const ca = join(controlFolder, "ca.pem");
    if (!existsSync(ca)) writeFileSync(ca, authority.ca);
    return "tls: {cert: server.pem, key: server.key, client_ca: ca.pem}";
  }

  function writeServerCertificate(): void {
    const server = authority.issue({ commonName: "control plane", use: "server" });
    write(controlFolder, "server", server);
  }

  /** The settings to show it. */
  function writeNodeCertificate(by: Authority): string {
    write(nodeFolder, "node", by.issue(certificateOf("eu-1")));
    writeFileSync(join(nodeFolder, "ca.pem"), authority.ca);
    return ", tls: {ca: ca.pem, cert: node.pem, key: node.key}";
  }

  function fingerprint({ grpcUrl }: RunningControlPlane): Promise<string | undefined> {
    const { port } = new URL(grpcUrl);
    return new Promise((resolve, reject) => {
      const options = { host: "127.0.0.1", port: Number(port), ca: authority.ca };
      const socket = connect({ ...options, ALPNProtocols: ["h2"] }, () => {
        resolve(socket.getPeerX509Certificate()?.fingerprint256);
        socket.destroy();
      });
      socket.once("error", reject);
    });
  }
});

function certificateOf(node: string) {
  return { commonName: node, uris: [`spiffe://headgate/region/eu/node/${node}`] };
}

function write(folder: string, name: string, { cert, key }: Certificate): void {
  writeFileSync(join(folder, `${name}.key`), key);
  writeFileSync(join(folder, `${name}.pem`), cert);
}

async function nodeOf(client: AdminClient): Promise<admin.Node | undefined> {
  return (await client.listNodes({ filter: "name = eu-1" })).nodes[0];
}

async function stateOf(client: AdminClient): Promise<string> {
  const state = (await nodeOf(client))?.state;
  if (state === undefined) return "UNKNOWN";
  return state === admin.NodeState.CONNECTED ? "CONNECTED" : "DISCONNECTED";
}

function connected(client: AdminClient): Promise<admin.Node> {
  return eventually(async () => {
    const node = await nodeOf(client);
    if (node?.state === admin.NodeState.CONNECTED) return node;
    throw new Error("the node is not connected");
  }, reconnectMs);
}

function connectTimeMs(node: admin.Node | undefined): number {
  return node?.connectTime ? timestampMs(node.connectTime) : 0;
}

/** Newest first, as `actor method message`. */
async function refusals(client: AdminClient): Promise<readonly string[]> {
  const told: string[] = [];
  for await (const entry of auditEntries(client, { filter: "outcome = denied" })) {
    told.push(`${entry.actor} ${entry.method} ${entry.message}`);
  }
  return told;
}
