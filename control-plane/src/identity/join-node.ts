import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Clock } from "@headgate/core";
import { discovery } from "@headgate/proto";
import type { Auditor, AuditSource } from "../audit/auditor.ts";
import { createBearerCheck } from "../http/bearer-token.ts";
import type { ResourceCodec } from "../resources/resource-codec.ts";
import type { Compare, Store, Write } from "../store/store.ts";
import {
  joinTokenRecords,
  nodeRecords,
  putRecord,
  readRecord,
  recordKey,
} from "./identity-records.ts";
import { type JoinTokenVerdict, joinTokenId, judgeJoinToken } from "./join-token.ts";

export interface JoinNodeOptions {
  readonly store: Store;
  readonly codec: ResourceCodec;
  readonly clock: Clock;
  readonly auditor: Auditor;
  /** Of the settings: lets in any node, any number of times. */
  readonly joinToken: string | undefined;
}

export interface Joining {
  readonly node: string;
  readonly region: string;
  readonly publicKey: Uint8Array;
  readonly authorization: string | null;
  readonly source: AuditSource;
}

const attemptsMax = 10;

/**
 * Let a node in: its key is stored, and the join token counted, in one transaction, so that a token
 * for one node lets in one.
 *
 * @throws ConnectError as NodeIdentityService.Join lists them.
 */
export async function joinNode(joining: Joining, options: JoinNodeOptions): Promise<void> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    if (await tryJoin(joining, options)) return;
  }
  throw new ConnectError("others keep writing the same node or token: try again", Code.Aborted);
}

/** False if somebody else wrote meanwhile. */
async function tryJoin(joining: Joining, options: JoinNodeOptions): Promise<boolean> {
  const { store, codec, clock, auditor } = options;
  const { node, region, publicKey, source } = joining;
  const permit = await findPermit(joining, options);
  const { value: entry } = await store.get(recordKey(nodeRecords, node));
  const before = entry && readRecord(nodeRecords, entry, codec);
  if (before && !permit.mayReplace && Buffer.compare(before.publicKey, publicKey) !== 0) {
    throw new ConnectError(
      `node ${node} has joined with another key: delete it first (headgate nodes delete ${node}), ` +
        "or use a join token made for this very node",
      Code.AlreadyExists,
    );
  }
  const message = create(discovery.RegisteredNodeSchema, {
    node,
    region,
    publicKey,
    joinTime: timestampFromMs(clock.wallTimeMs()),
    joinedWith: permit.name,
  });
  const action = before ? "updated" : "created";
  const { ok } = await store.transact({
    compare: [
      ...permit.compare,
      { key: recordKey(nodeRecords, node), revision: entry?.revision ?? 0 },
    ],
    writes: [
      ...permit.writes,
      putRecord(nodeRecords, node, { message, codec }),
      auditor.entryForOther(source, [{ kind: "node", name: node, action }]),
    ],
  });
  return ok;
}

/** What lets the node in, and what using it takes. */
interface Permit {
  readonly name: string;
  /** Whether it may take the name of a node that has joined before. */
  readonly mayReplace: boolean;
  readonly compare: readonly Compare[];
  readonly writes: readonly Write[];
}

async function findPermit(joining: Joining, options: JoinNodeOptions): Promise<Permit> {
  const { authorization, node, region } = joining;
  const { store, codec, clock, joinToken } = options;
  if (joinToken !== undefined && createBearerCheck(joinToken)(authorization)) {
    return { name: "join_token of the settings", mayReplace: true, compare: [], writes: [] };
  }
  const token = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1] ?? "";
  const id = joinTokenId(token);
  if (id === undefined) throw unauthenticated("joining needs `Authorization: Bearer <join token>`");
  const key = recordKey(joinTokenRecords, id);
  const { value: entry } = await store.get(key);
  if (!entry) throw unauthenticated(refusals.wrong);
  const stored = readRecord(joinTokenRecords, entry, codec);
  const nowMs = clock.wallTimeMs();
  const verdict = judgeJoinToken(stored, { token, node, region, nowMs });
  if (!verdict.ok) throw refusal(verdict.reason);
  if (stored.joinToken) stored.joinToken.uses += 1;
  return {
    name: id,
    mayReplace: stored.joinToken?.node === node,
    compare: [{ key, revision: entry.revision }],
    writes: [putRecord(joinTokenRecords, id, { message: stored, codec })],
  };
}

type Reason = Extract<JoinTokenVerdict, { ok: false }>["reason"];

const refusals: Readonly<Record<Reason, string>> = {
  wrong: "this join token is not known: was it deleted?",
  expired: "this join token has expired: make another (headgate join-tokens create)",
  "used up": "this join token was used before: make another (headgate join-tokens create)",
  "other region": "this join token is for another region",
  "other node": "this join token is for another node",
};

function refusal(reason: Reason): ConnectError {
  const isOther = reason === "other region" || reason === "other node";
  return new ConnectError(refusals[reason], isOther ? Code.PermissionDenied : Code.Unauthenticated);
}

function unauthenticated(message: string): ConnectError {
  return new ConnectError(message, Code.Unauthenticated);
}
