import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { admin } from "@headgate/proto";
import type { AdminClient } from "@headgate/sdk";
import {
  type Authority,
  createAuthority,
  startControlPlane,
  temporaryFolder,
} from "@headgate/testing";
import { type Claim, createNodeKey, RawNode, type RawNodeKey } from "./raw-node.ts";
import { trustingClient } from "./trusting-client.ts";

/** Lets in any node: `node_auth.join_token`. */
export const settingsToken = "join-token-of-the-settings-0123456789";

export const eu = (node: string): Claim => ({ node, region: "eu" });

/** A control plane, and what it takes to knock at its door. */
export interface World {
  readonly client: AdminClient;
  readonly url: string;
  readonly grpcUrl: string;
  readonly adminToken: string;
  readonly folder: string;
  readonly authority: Authority;
  /** A connection that shows no certificate. */
  readonly node: RawNode;
  readonly joinToken: (wanted?: JoinTokenWanted) => Promise<string>;
  /** A new node of region eu, let in. */
  readonly joined: (options?: { readonly joinToken?: string }) => Promise<Joined>;
}

export interface Joined {
  readonly claim: Claim;
  readonly key: RawNodeKey;
  readonly token: string;
}

type JoinTokenWanted = Partial<Pick<admin.JoinToken, "region" | "node" | "expireTime" | "usesMax">>;

/** Ends with `stack`. */
export async function startWorld(settings: string, stack: AsyncDisposableStack): Promise<World> {
  const folder = stack.use(temporaryFolder()).path;
  const authority = createAuthority();
  const server = authority.issue({ commonName: "control plane", use: "server" });
  writeFileSync(join(folder, "server.pem"), server.cert);
  writeFileSync(join(folder, "server.key"), server.key);
  writeFileSync(join(folder, "ca.pem"), authority.ca);
  const config = `
region: eu
listen: {admin: "127.0.0.1:0", grpc: "127.0.0.1:0"}
data_dir: ./data
${settings}
`;
  const plane = stack.use(await startControlPlane({ config, folder }));
  const client = trustingClient(plane, authority);
  const node = stack.use(new RawNode(plane.grpcUrl, { ca: authority.ca }));
  const joinToken = async (wanted: JoinTokenWanted = {}) =>
    (await client.createJoinToken({ joinToken: wanted })).token;
  let nodes = 0;
  const joined = async (options: { readonly joinToken?: string } = {}): Promise<Joined> => {
    nodes += 1;
    const claim = eu(`node-${nodes}`);
    const key = createNodeKey();
    const token = await node.join({ ...claim, ...key }, options.joinToken ?? (await joinToken()));
    return { claim, key, token };
  };
  const { adminUrl: url, grpcUrl, adminToken } = plane;
  return { client, url, grpcUrl, adminToken, folder, authority, node, joinToken, joined };
}
