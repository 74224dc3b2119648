import { randomUUID } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { systemClock } from "@headgate/core";
import { createNodeKey } from "./raw-node.ts";
import type { Row } from "./row.ts";
import { eu, settingsToken, type World } from "./world.ts";

/** How node tokens are gotten: by a join token, then by the node's own key. */
export const joining: readonly Row[] = [
  {
    name: "joining without a token",
    refused: (world) => joinAs(world, undefined),
    code: Code.Unauthenticated,
    message: "joining needs `Authorization: Bearer <join token>`",
    method: "Join",
    letIn: (world) => joinAs(world, settingsToken),
  },
  {
    name: "joining with an admin token",
    refused: (world) => joinAs(world, world.adminToken),
    code: Code.Unauthenticated,
    message: "joining needs `Authorization: Bearer <join token>`",
    method: "Join",
    letIn: (world) => joinAs(world, settingsToken),
  },
  {
    name: "a replayed join token",
    refused: async (world) => {
      const token = await world.joinToken();
      await joinAs(world, token);
      return joinAs(world, token);
    },
    code: Code.Unauthenticated,
    message: /^this join token was used before: make another/,
    method: "Join",
    letIn: async (world) => joinAs(world, await world.joinToken()),
  },
  {
    name: "an expired join token",
    refused: async (world) => {
      const expireMs = Date.now() + 400;
      const token = await world.joinToken({ expireTime: timestampFromMs(expireMs) });
      await systemClock.sleep(expireMs - Date.now() + 50);
      return joinAs(world, token);
    },
    code: Code.Unauthenticated,
    message: /^this join token has expired/,
    method: "Join",
    letIn: async (world) => {
      const expireTime = timestampFromMs(Date.now() + 60_000);
      return joinAs(world, await world.joinToken({ expireTime }));
    },
  },
  {
    name: "a deleted join token",
    refused: async (world) => {
      const { joinToken, token } = await world.client.createJoinToken({});
      await world.client.deleteJoinToken({ id: joinToken?.id ?? "" });
      return joinAs(world, token);
    },
    code: Code.Unauthenticated,
    message: /^this join token is not known/,
    method: "Join",
    letIn: async (world) => joinAs(world, (await world.client.createJoinToken({})).token),
  },
  {
    name: "a join token of another region",
    refused: async (world) => joinAs(world, await world.joinToken({ region: "us" })),
    code: Code.PermissionDenied,
    message: "this join token is for another region",
    method: "Join",
    letIn: async (world) => joinAs(world, await world.joinToken({ region: "eu" })),
  },
  {
    name: "a join token of another node",
    refused: async (world) => joinAs(world, await world.joinToken({ node: "other" })),
    code: Code.PermissionDenied,
    message: "this join token is for another node",
    method: "Join",
    letIn: async (world) => joinAs(world, await world.joinToken({ node: "this" }), "this"),
  },
  {
    name: "the name of a node that has joined, with another key",
    refused: async (world) => {
      const { claim } = await world.joined();
      return joinAs(world, await world.joinToken(), claim.node);
    },
    code: Code.AlreadyExists,
    message: /^node node-\d+ has joined with another key: delete it first/,
    method: "Join",
    letIn: async (world) => {
      const { claim } = await world.joined();
      return joinAs(world, await world.joinToken({ node: claim.node }), claim.node);
    },
  },
  {
    name: "an assertion signed by another key",
    refused: async ({ node, joined }) => {
      const { claim } = await joined();
      return node.issueNodeToken(createNodeKey().assertion(claim.node));
    },
    code: Code.Unauthenticated,
    message: "the assertion is refused: it is not the node's",
    method: "IssueNodeToken",
    letIn: async ({ node, joined }) => {
      const { claim, key } = await joined();
      return node.issueNodeToken(key.assertion(claim.node));
    },
  },
  {
    name: "an assertion without an end",
    refused: async ({ node, joined }) => {
      const { claim, key } = await joined();
      return node.issueNodeToken(key.assertion(claim.node, { exp: undefined }));
    },
    code: Code.Unauthenticated,
    message: "the assertion is refused: it is not the node's",
    method: "IssueNodeToken",
    letIn: async ({ node, joined }) => {
      const { claim, key } = await joined();
      return node.issueNodeToken(key.assertion(claim.node));
    },
  },
  {
    name: "an assertion that was used before",
    refused: async ({ node, joined }) => {
      const { claim, key } = await joined();
      const assertion = key.assertion(claim.node);
      await node.issueNodeToken(assertion);
      return node.issueNodeToken(assertion);
    },
    code: Code.Unauthenticated,
    message: "the assertion is refused: it was used before",
    method: "IssueNodeToken",
    letIn: async ({ node, joined }) => {
      const { claim, key } = await joined();
      await node.issueNodeToken(key.assertion(claim.node));
      return node.issueNodeToken(key.assertion(claim.node));
    },
  },
  {
    name: "an assertion of a node that never joined",
    refused: ({ node }) => node.issueNodeToken(createNodeKey().assertion("nobody")),
    code: Code.Unauthenticated,
    message: "this node is not known: it must join",
    method: "IssueNodeToken",
    letIn: async ({ node, joined }) => {
      const { claim, key } = await joined();
      return node.issueNodeToken(key.assertion(claim.node));
    },
  },
];

/** With a new key, and by default a new name. */
function joinAs(
  { node }: World,
  token: string | undefined,
  name = `joining-${randomUUID()}`,
): Promise<string> {
  return node.join({ ...eu(name), publicKey: createNodeKey().publicKey }, token);
}
