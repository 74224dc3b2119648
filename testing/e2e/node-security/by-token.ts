import { createHmac } from "node:crypto";
import { Code } from "@connectrpc/connect";
import type { OpenStream } from "./raw-node.ts";
import type { Row } from "./row.ts";
import { eu, type Joined, settingsToken, type World } from "./world.ts";

/** Streams, by what is shown in place of the node token of who says Hello. */
export const streamsByToken: readonly Row[] = [
  {
    name: "no token",
    refused: ({ node }) => node.stream(eu("eu-1")),
    code: Code.Unauthenticated,
    message: /^discovery needs a client certificate or a node token/,
    method: "StreamSnapshots",
    letIn: (world) => streamOf(world, world.joined()),
  },
  {
    name: "an admin token as node token",
    refused: ({ node, adminToken }) => node.stream(eu("eu-1"), adminToken),
    code: Code.Unauthenticated,
    message: "this node token is not valid, or has expired",
    method: "StreamSnapshots",
    letIn: ({ client }) => client.whoAmI({}),
  },
  {
    name: "the join token of the settings as node token",
    refused: ({ node }) => node.stream(eu("eu-1"), settingsToken),
    code: Code.Unauthenticated,
    message: "this node token is not valid, or has expired",
    method: "StreamSnapshots",
    letIn: (world) => streamOf(world, world.joined({ joinToken: settingsToken })),
  },
  {
    name: "a one-time join token as node token",
    refused: async ({ node, joinToken }) => node.stream(eu("eu-1"), await joinToken()),
    code: Code.Unauthenticated,
    message: "this node token is not valid, or has expired",
    method: "StreamSnapshots",
    letIn: (world) => streamOf(world, world.joined()),
  },
  {
    name: "a node token under another key",
    refused: async ({ node, joined }) => {
      const { claim, token } = await joined();
      return node.stream(claim, resigned(token));
    },
    code: Code.Unauthenticated,
    message: "this node token is not valid, or has expired",
    method: "StreamSnapshots",
    letIn: (world) => streamOf(world, world.joined()),
  },
  {
    name: "another node's name with its own token",
    refused: async ({ node, joined }) => node.stream(eu("victim"), (await joined()).token),
    code: Code.PermissionDenied,
    message: /^the node token is node node-\d+'s; it can't act for node victim$/,
    method: "StreamSnapshots",
    actor: /^node node-\d+$/,
    letIn: (world) => streamOf(world, world.joined()),
  },
  {
    name: "another region with its own token",
    refused: async ({ node, joined }) => {
      const { claim, token } = await joined();
      return node.stream({ ...claim, region: "us" }, token);
    },
    code: Code.PermissionDenied,
    message: "the node token is for region eu, not for region us",
    method: "StreamSnapshots",
    actor: /^node node-\d+$/,
    letIn: (world) => streamOf(world, world.joined()),
  },
];

async function streamOf({ node }: World, joined: Promise<Joined>): Promise<OpenStream> {
  const { claim, token } = await joined;
  return await node.stream(claim, token);
}

/** The same claims, signed as somebody would who has not the key. */
function resigned(token: string): string {
  const text = token.slice(0, token.lastIndexOf("."));
  const signature = createHmac("sha256", "guessed").update(text).digest("base64url");
  return `${text}.${signature}`;
}
