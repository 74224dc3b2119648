import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { type Problem, regionNamePattern } from "@headgate/config";
import { admin } from "@headgate/proto";
import { nodeNamePattern } from "./node-name.ts";

/** `hgj_`, the id by which it is found, and the secret. */
const tokenPattern = /^hgj_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

const defaultTtlMs = 60 * 60_000;
const ttlMaxMs = 30 * 24 * 60 * 60_000;
const usesMaxMax = 100_000;

export interface NewJoinToken {
  readonly token: string;
  readonly stored: admin.StoredJoinToken;
}

export function createJoinToken(
  wanted: admin.JoinToken,
  { nowMs, createdBy }: { nowMs: number; createdBy: string },
): NewJoinToken {
  const id = randomBytes(8).toString("hex");
  const token = `hgj_${id}_${randomBytes(32).toString("base64url")}`;
  const joinToken = create(admin.JoinTokenSchema, {
    id,
    region: wanted.region,
    node: wanted.node,
    createTime: timestampFromMs(nowMs),
    expireTime: wanted.expireTime ?? timestampFromMs(nowMs + defaultTtlMs),
    usesMax: wanted.usesMax || 1,
    createdBy,
  });
  return {
    token,
    stored: create(admin.StoredJoinTokenSchema, { joinToken, tokenHash: hash(token) }),
  };
}

/** What is wrong with what an administrator asks for. */
export function checkJoinToken(wanted: admin.JoinToken, nowMs: number): Problem[] {
  const problems: Problem[] = [];
  const { region, node, expireTime, usesMax } = wanted;
  if (region !== "" && !regionNamePattern.test(region)) {
    problems.push({ path: "region", message: "is not the name of a region" });
  }
  if (node !== "" && !nodeNamePattern.test(node)) {
    problems.push({ path: "node", message: "is not the name of a node" });
  }
  if (expireTime && !isWithin(timestampMs(expireTime) - nowMs)) {
    problems.push({ path: "expire_time", message: "must be in the future, within 30 days" });
  }
  if (usesMax > usesMaxMax) {
    problems.push({ path: "uses_max", message: `must be at most ${usesMaxMax}` });
  }
  if (node !== "" && usesMax > 1) {
    problems.push({ path: "uses_max", message: "must be 1 for a token of one node" });
  }
  return problems;
}

/** Undefined: it is no join token. */
export function joinTokenId(token: string): string | undefined {
  return tokenPattern.exec(token)?.[1];
}

export type JoinTokenVerdict =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly reason: "wrong" | "expired" | "used up" | "other region" | "other node";
    };

/** May this node join with it now? */
export function judgeJoinToken(
  { joinToken, tokenHash }: admin.StoredJoinToken,
  { token, node, region, nowMs }: { token: string; node: string; region: string; nowMs: number },
): JoinTokenVerdict {
  const given = hash(token);
  if (!joinToken || tokenHash.length !== given.length || !timingSafeEqual(tokenHash, given)) {
    return { ok: false, reason: "wrong" };
  }
  const { expireTime, uses, usesMax } = joinToken;
  if (expireTime && timestampMs(expireTime) <= nowMs) return { ok: false, reason: "expired" };
  if (uses >= usesMax) return { ok: false, reason: "used up" };
  if (joinToken.region !== "" && joinToken.region !== region) {
    return { ok: false, reason: "other region" };
  }
  if (joinToken.node !== "" && joinToken.node !== node) return { ok: false, reason: "other node" };
  return { ok: true };
}

function isWithin(leftMs: number): boolean {
  return leftMs > 0 && leftMs <= ttlMaxMs;
}

function hash(token: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash("sha256").update(token).digest());
}
