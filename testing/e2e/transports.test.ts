import { type RunningControlPlane, startControlPlane } from "@headgate/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Caller,
  CallFailed,
  type Failure,
  type Json,
  type Outcome,
} from "./transports/caller.ts";
import { connectCallers } from "./transports/connect-caller.ts";
import { fetchCaller } from "./transports/fetch-caller.ts";
import { grpcJsByReflection, grpcJsFromFiles } from "./transports/grpc-js-caller.ts";
import { reflect } from "./transports/reflect.ts";

const config = `
region: test
listen: {admin: "127.0.0.1:0", grpc: "127.0.0.1:0"}
data_dir: ./data
`;

const needed =
  "the admin API needs `Authorization: Bearer <token>`: the root token, or an admin token";

/** What one caller says of one thing; revisions, times and page tokens are left out. */
interface Row {
  readonly name: string;
  readonly run: (caller: Caller, tokens: Tokens) => Promise<unknown>;
  readonly answers: unknown;
}

interface Tokens {
  readonly root: string;
  readonly viewer: string;
}

/** One table, whatever it is called by: same answers, same codes, same messages. */
const rows: readonly Row[] = [
  {
    name: "get",
    run: (caller, { root }) => caller.call("GetTeam", { name: "team-1" }, root),
    answers: { answer: { name: "team-1", metadata: { revision: "#" } } },
  },
  {
    name: "get what there is not",
    run: (caller, { root }) => caller.call("GetTeam", { name: "nobody" }, root),
    answers: { code: "not_found", message: "team nobody does not exist" },
  },
  {
    name: "list, page by page",
    run: async (caller, { viewer }) => {
      const names: unknown[] = [];
      let pageToken = "";
      let pages = 0;
      do {
        const page = await caller.call("ListTeams", { pageSize: 2, pageToken }, viewer);
        const { teams, nextPageToken = "" } = answerOf(page) as {
          teams: Json[];
          nextPageToken?: string;
        };
        names.push(...teams.map(({ name }) => name));
        pageToken = nextPageToken;
        pages++;
      } while (pageToken !== "");
      return { pages, names };
    },
    answers: { pages: 3, names: ["team-1", "team-2", "team-3", "team-4", "team-5"] },
  },
  {
    name: "list with a page token of nobody's",
    run: (caller, { root }) => caller.call("ListTeams", { pageToken: "x" }, root),
    answers: { code: "invalid_argument", message: expect.stringContaining("page_token") },
  },
  {
    name: "create, update, and update what somebody else has updated",
    run: async (caller, { root }) => {
      const made = await caller.call("CreateTeam", { team: { name: "mine" } }, root);
      const { metadata } = answerOf(made) as { metadata: { revision: string } };
      const { revision } = metadata;
      const team = { name: "mine", metadata: { revision } };
      const updated = await caller.call("UpdateTeam", { team }, root);
      const late = await caller.call(
        "UpdateTeam",
        { team: { ...team, metadata: { revision: "1" } } },
        root,
      );
      const deleted = await caller.call("DeleteTeam", { name: "mine" }, root);
      return [made, updated, late, deleted];
    },
    answers: [
      { answer: { name: "mine", metadata: { revision: "#" } } },
      { answer: { name: "mine", metadata: { revision: "#" } } },
      {
        code: "aborted",
        message: expect.stringMatching(/team mine .*get it, merge, and try again/),
      },
      { answer: {} },
    ],
  },
  {
    name: "create what there is",
    run: (caller, { root }) => caller.call("CreateTeam", { team: { name: "team-1" } }, root),
    answers: { code: "already_exists", message: expect.stringContaining("team team-1") },
  },
  {
    name: "create what is wrong in two ways",
    run: (caller, { root }) =>
      caller.call(
        "CreateModel",
        { model: { name: "no spaces", deployments: [{ provider: "" }] } },
        root,
      ),
    answers: { code: "invalid_argument", message: expect.stringMatching(/^name: .*\n.*provider/) },
  },
  {
    name: "no token",
    run: (caller) => caller.call("ListTeams", {}),
    answers: { code: "unauthenticated", message: needed },
  },
  {
    name: "a wrong token",
    run: (caller) => caller.call("ListTeams", {}, "hgt_wrong"),
    answers: { code: "unauthenticated", message: "the admin token is unknown, or was deleted" },
  },
  {
    name: "a role that may not",
    run: (caller, { viewer }) => caller.call("CreateTeam", { team: { name: "x" } }, viewer),
    answers: {
      code: "permission_denied",
      message: "the role viewer may not call CreateTeam: that takes the role admin or editor",
    },
  },
  {
    name: "whose token it is",
    run: (caller, { viewer }) => caller.call("WhoAmI", {}, viewer),
    answers: { answer: { actor: "token viewer", role: "ROLE_VIEWER" } },
  },
  {
    name: "watch: what there is, then what changes",
    run: async (caller, { root, viewer }) => {
      const seen: Json[] = [];
      for await (const message of caller.stream("WatchResources", { kinds: ["team"] }, viewer)) {
        const { synced, events = [] } = message as { synced?: boolean; events?: Json[] };
        seen.push(...events.map(({ name, action }) => ({ name, action })));
        if (synced) answerOf(await caller.call("CreateTeam", { team: { name: "new" } }, root));
        if (events.some(({ action }) => action === "CHANGE_ACTION_DELETED")) break;
        if (seen.some(({ name }) => name === "new")) {
          answerOf(await caller.call("DeleteTeam", { name: "new" }, root));
        }
      }
      return seen;
    },
    answers: [
      ...[1, 2, 3, 4, 5].map((n) => ({ name: `team-${n}`, action: "CHANGE_ACTION_CREATED" })),
      { name: "new", action: "CHANGE_ACTION_CREATED" },
      { name: "new", action: "CHANGE_ACTION_DELETED" },
    ],
  },
  {
    name: "watch without a token",
    run: (caller) => failureOf(caller.stream("WatchResources", {})),
    answers: { code: "unauthenticated", message: needed },
  },
  {
    name: "watch from too far ahead",
    run: (caller, { viewer }) =>
      failureOf(caller.stream("WatchResources", { kinds: ["weather"] }, viewer)),
    answers: { code: "invalid_argument", message: expect.stringContaining("weather") },
  },
  {
    name: "a message larger than 16 MiB",
    run: (caller, { root }) =>
      caller.call("CreateTeam", { team: { name: "x".repeat(17 * 1024 * 1024) } }, root),
    answers: {
      code: "resource_exhausted",
      message: expect.stringMatching(
        /^message size .*is larger than configured readMaxBytes 16777216$/,
      ),
    },
  },
];

describe.each([grpcJsFromFiles, grpcJsByReflection, ...connectCallers, fetchCaller])(
  "the admin API by $name",
  ({ connect }) => {
    let caller: Caller;
    beforeAll(async () => {
      const { adminUrl, grpcUrl } = plane;
      caller = await connect({ adminUrl, grpcUrl, rootToken: plane.adminToken });
    });
    afterAll(() => caller.close());

    it.each(rows)("answers: $name", async ({ run, answers }) => {
      expect(comparable(await run(caller, tokens))).toEqual(answers);
    });
  },
);

describe("what grpcurl does", () => {
  const listing = [{ case: "listServices", value: "" } as const];

  it.each(["v1", "v1alpha"] as const)("lists the services by reflection %s", async (version) => {
    const questions = listing;
    const token = tokens.viewer;
    const [answer] = await reflect(plane.grpcUrl, { questions, token, version });
    const response = answer?.messageResponse;
    const services = response?.case === "listServicesResponse" ? response.value.service : [];
    expect(services.map(({ name }) => name)).toContain("headgate.admin.v1.AdminService");
  });

  it("is refused without a token", async () => {
    await expect(reflect(plane.grpcUrl, { questions: listing })).rejects.toMatchObject({
      code: 16,
      details: needed,
    });
  });
});

let plane: RunningControlPlane;
let tokens: Tokens;

beforeAll(async () => {
  plane = await startControlPlane({ config });
  const { adminUrl, grpcUrl, adminToken: root } = plane;
  const caller = await fetchCaller.connect({ adminUrl, grpcUrl, rootToken: root });
  for (const n of [3, 1, 5, 2, 4]) {
    answerOf(await caller.call("CreateTeam", { team: { name: `team-${n}` } }, root));
  }
  const adminToken = { name: "viewer", role: "ROLE_VIEWER" };
  const made = await caller.call("CreateAdminToken", { adminToken }, root);
  tokens = { root, viewer: String(answerOf(made)["token"]) };
});
afterAll(() => plane[Symbol.asyncDispose]());

function answerOf(outcome: Outcome): Json {
  if ("answer" in outcome) return outcome.answer;
  throw new Error(`${outcome.code}: ${outcome.message}`);
}

async function failureOf(stream: AsyncIterable<Json>): Promise<Failure | Json> {
  try {
    for await (const message of stream) return { answer: message };
    return { answer: "nothing" };
  } catch (error) {
    if (error instanceof CallFailed) return error.failure;
    throw error;
  }
}

/** Without what differs from call to call. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== "createTime" && name !== "updateTime")
      .map(([name, member]) => [name, name === "revision" ? "#" : comparable(member)]),
  );
}
