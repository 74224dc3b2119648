import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { runInNewContext } from "node:vm";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { admin, resources } from "@headgate/proto";
import { afterEach, describe, expect, it } from "vitest";
import { type AdminClient, createAdminClient } from "./admin-client.ts";
import {
  AdminError,
  AlreadyExistsError,
  ConflictError,
  DeadlineExceededError,
  FailedPreconditionError,
  InvalidArgumentError,
  NotFoundError,
  OutOfRangeError,
  PermissionDeniedError,
  ResourceExhaustedError,
  UnauthenticatedError,
  UnavailableError,
  UnimplementedError,
  UnknownError,
} from "./admin-error.ts";
import { auditEntries } from "./audit-entries.ts";
import { exportAll } from "./export-all.ts";
import { listAll } from "./list-all.ts";
import type { Timing } from "./timing.ts";
import { watchAudit } from "./watch-audit.ts";
import { watchResources } from "./watch-resources.ts";

const teamNames = Array.from({ length: 7 }, (_, index) => `team-${index}`);

/** Listed in pages. */
const listTeams: ServiceImpl<typeof admin.AdminService>["listTeams"] = (request) => {
  const from = Number(request.pageToken || "0");
  const to = from + request.pageSize;
  return create(admin.ListTeamsResponseSchema, {
    teams: teamNames.slice(from, to).map((name) => create(resources.TeamSchema, { name })),
    nextPageToken: to < teamNames.length ? String(to) : "",
    revision: 42n,
  });
};

describe("createAdminClient()", () => {
  it("sends the token with every call, and asks for it each time if it is a function", async () => {
    const server = await startServer({ listNodes: () => ({}) });
    let calls = 0;
    const token = () => {
      calls += 1;
      return Promise.resolve(`t${calls}`);
    };
    const client = createAdminClient({ server: server.url, token });
    await client.listNodes({});
    await client.listNodes({});
    expect(server.authorizations).toEqual(["Bearer t1", "Bearer t2"]);
  });

  it("gives up at the deadline, all attempts included", async () => {
    const server = await startServer({ getKey: () => new Promise(() => undefined) });
    const client = createAdminClient({ server: server.url, token: "t", timeoutMs: 50 });
    await expect(client.getKey({ name: "k" })).rejects.toThrow(DeadlineExceededError);
  });

  it("accepts a server with a trailing slash", async () => {
    const server = await startServer({ listNodes: () => ({}) });
    const client = createAdminClient({ server: `${server.url}/`, token: "t" });
    await expect(client.listNodes({})).resolves.toMatchObject({ nodes: [] });
  });

  it("counts the time it takes to get a token", async () => {
    const server = await startServer({});
    const token = () => new Promise<string>(() => undefined);
    const client = createAdminClient({ server: server.url, token, timeoutMs: 50 });
    await expect(client.listNodes({})).rejects.toThrow(DeadlineExceededError);
    expect(server.authorizations).toEqual([]);
  });

  it.each([
    { name: "an empty one", token: "", says: "the token is empty" },
    {
      name: "one of two lines",
      token: "secret-a\nsecret-b",
      says: "the token has characters that no token has",
    },
    {
      name: "none, from a function that fails",
      token: () => Promise.reject(new TypeError("fetch failed")),
      says: "no token: fetch failed",
    },
  ])("sends nothing with a token that is $name", async ({ token, says }) => {
    const server = await startServer({ listNodes: () => ({}) });
    const client = createAdminClient({ server: server.url, token });
    const failure = await client.listNodes({}).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UnauthenticatedError);
    expect(failure).toMatchObject({ rawMessage: says });
    expect(server.authorizations).toEqual([]);
  });

  it("leaves out the end of the line that a file's token has", async () => {
    const server = await startServer({ listNodes: () => ({}) });
    await createAdminClient({ server: server.url, token: "t\n" }).listNodes({});
    expect(server.authorizations).toEqual(["Bearer t"]);
  });

  it.each(["http://u:hunter2@h", "http://h/?a=hunter2", "http://h/#hunter2", "ftp://u:hunter2@h"])(
    "refuses the server %j, and does not quote what may be secret",
    (server) => {
      const failure = thrownBy(() => createAdminClient({ server, token: "t" }));
      expect(failure).toBeInstanceOf(TypeError);
      expect(String(failure)).not.toContain("hunter2");
    },
  );

  it.each(["", "127.0.0.1:8081", "ftp://host", "not a url"])("refuses the server %j", (server) => {
    expect(() => createAdminClient({ server, token: "t" })).toThrow(
      /server must be an http:\/\/ or https:\/\/ URL/,
    );
  });
});

describe("typed errors", () => {
  it.each([
    [Code.InvalidArgument, InvalidArgumentError],
    [Code.NotFound, NotFoundError],
    [Code.AlreadyExists, AlreadyExistsError],
    [Code.Aborted, ConflictError],
    [Code.FailedPrecondition, FailedPreconditionError],
    [Code.Unauthenticated, UnauthenticatedError],
    [Code.PermissionDenied, PermissionDeniedError],
    [Code.OutOfRange, OutOfRangeError],
    [Code.ResourceExhausted, ResourceExhaustedError],
    [Code.Unimplemented, UnimplementedError],
    [Code.Unknown, UnknownError],
    [Code.Internal, AdminError],
  ])("code %i is its own class", async (code, Class) => {
    const client = await clientOf({
      getTeam: () => {
        throw new ConnectError("line one\nline two", code);
      },
    });
    const failure = await client.getTeam({ name: "x" }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Class);
    expect(failure).toBeInstanceOf(ConnectError);
    expect(failure).toMatchObject({ code, rawMessage: "line one\nline two" });
  });

  it("an invalid argument lists its problems", async () => {
    const client = await clientOf({
      createTeam: () => {
        throw new ConnectError("name: is missing\nlimits[0]: is odd", Code.InvalidArgument);
      },
    });
    const failure = await client.createTeam({}).catch((error: unknown) => error);
    expect(failure).toMatchObject({ problems: ["name: is missing", "limits[0]: is odd"] });
  });

  it("a server that is not there is unavailable, with the system's code", async () => {
    const server = await startServer({});
    await stopServer(server.server);
    const client = createAdminClient({ server: server.url, token: "t", attemptsMax: 1 });
    const failure = await client.listNodes({}).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UnavailableError);
    expect(failure).toMatchObject({ rawMessage: "no answer: ECONNREFUSED" });
  });
});

describe("a failure of fetch()", () => {
  it.each([
    { name: "of this realm", error: new TypeError("fetch failed") },
    { name: "of another realm", error: runInNewContext('new TypeError("fetch failed")') },
  ])("$name is unavailable", async ({ error }) => {
    const client = createAdminClient({
      server: "http://127.0.0.1:1",
      token: "t",
      attemptsMax: 1,
      fetch: () => Promise.reject(error),
    });
    const failure = await client.listNodes({}).catch((reason: unknown) => reason);
    expect(failure).toBeInstanceOf(UnavailableError);
    expect(failure).toMatchObject({ rawMessage: "no answer: fetch failed" });
  });
});

describe("attempts", () => {
  const flaky = (
    failures: number,
    calls: string[],
  ): Partial<ServiceImpl<typeof admin.AdminService>> => {
    const attempt = (method: string) => {
      calls.push(method);
      if (calls.length <= failures) throw new ConnectError("no quorum", Code.Unavailable);
      return {};
    };
    return {
      getTeam: () => attempt("getTeam"),
      createTeam: () => attempt("createTeam"),
      apply: () => attempt("apply"),
    };
  };

  it.each([
    { name: "a read", call: (client: AdminClient) => client.getTeam({ name: "x" }), attempts: 3 },
    {
      name: "a dry run",
      call: (client: AdminClient) => client.apply({ dryRun: true }),
      attempts: 3,
    },
    {
      name: "a write that is only checked",
      call: (client: AdminClient) => client.createTeam({ validateOnly: true }),
      attempts: 3,
    },
    { name: "a write", call: (client: AdminClient) => client.createTeam({}), attempts: 1 },
    { name: "an apply", call: (client: AdminClient) => client.apply({}), attempts: 1 },
  ])("of $name that fails twice: $attempts", async ({ call, attempts }) => {
    const calls: string[] = [];
    const sleeps: number[] = [];
    const client = await clientOf(flaky(2, calls), { timing: recordedTiming(sleeps) });
    const result = await call(client).then(
      () => "done",
      (error: unknown) => error,
    );
    expect(calls).toHaveLength(attempts);
    expect(sleeps).toEqual(attempts === 3 ? [50, 100] : []);
    if (attempts === 3) expect(result).toBe("done");
    else expect(result).toBeInstanceOf(UnavailableError);
  });

  it("end after the last one allowed", async () => {
    const calls: string[] = [];
    const client = await clientOf(flaky(100, calls), { timing: recordedTiming([]) });
    await expect(client.getTeam({ name: "x" })).rejects.toThrow(UnavailableError);
    expect(calls).toHaveLength(4);
  });

  it("of a write go on while nobody listens", async () => {
    const server = await startServer({});
    await stopServer(server.server);
    const sleeps: number[] = [];
    const timing = recordedTiming(sleeps);
    const client = createAdminClient({ server: server.url, token: "t", timing });
    await expect(client.createTeam({})).rejects.toThrow(UnavailableError);
    expect(sleeps).toHaveLength(3);
  });

  it("stop when the caller does", async () => {
    const aborter = new AbortController();
    const calls: string[] = [];
    const timing: Timing = {
      random: () => 0.5,
      sleep: async () => {
        aborter.abort(new Error("enough"));
      },
    };
    const client = await clientOf(flaky(100, calls), { timing });
    const call = client.getTeam({ name: "x" }, { signal: aborter.signal });
    await expect(call).rejects.toThrow(/enough/);
    expect(calls).toHaveLength(1);
  });
});

describe("listAll()", () => {
  it.each([1, 3, 7, 100])("lists everything in pages of %i", async (pageSize) => {
    const server = await startServer({ listTeams });
    const client = createAdminClient({ server: server.url, token: "t" });
    const names: string[] = [];
    for await (const team of listAll(client, "team", { pageSize })) names.push(team.name);
    expect(names).toEqual(teamNames);
    expect(server.authorizations).toHaveLength(Math.max(1, Math.ceil(7 / pageSize)));
  });

  it("fetches no page that is not consumed", async () => {
    const server = await startServer({ listTeams });
    const client = createAdminClient({ server: server.url, token: "t" });
    for await (const team of listAll(client, "team", { pageSize: 2 })) {
      if (team.name === "team-1") break;
    }
    expect(server.authorizations).toHaveLength(1);
  });
});

describe("exportAll()", () => {
  it("reads every kind at the revision of the first answer", async () => {
    const revisions: bigint[] = [];
    const empty = ({ revision }: { readonly revision: bigint }) => {
      revisions.push(revision);
      return { revision: 42n };
    };
    const client = await clientOf({
      listTeams: (request, context) => {
        revisions.push(request.revision);
        return listTeams(request, context);
      },
      listProviders: empty,
      listModels: empty,
      listKeys: empty,
      listPolicies: (request) => ({
        ...empty(request),
        policies: [create(resources.PolicySchema, { name: "default" })],
      }),
    });
    const set = await exportAll(client);
    expect(set.teams.map(({ name }) => name)).toEqual(teamNames);
    expect(set.policy?.name).toBe("default");
    expect(revisions).toEqual([0n, 42n, 42n, 42n, 42n, 42n]);
  });
});

describe("auditEntries()", () => {
  it("follows the pages, with the same question", async () => {
    const filters: string[] = [];
    const client = await clientOf({
      listAuditEntries: ({ filter, pageToken }) => {
        filters.push(filter);
        const id = pageToken || "a";
        return { entries: [{ id }], nextPageToken: id === "a" ? "b" : "" };
      },
    });
    const ids: string[] = [];
    for await (const { id } of auditEntries(client, { filter: "actor = root" })) ids.push(id);
    expect(ids).toEqual(["a", "b"]);
    expect(filters).toEqual(["actor = root", "actor = root"]);
  });
});

describe("watchResources()", () => {
  it("goes on where it was when the stream is lost", async () => {
    const asked: bigint[] = [];
    const client = await clientOf({
      async *watchResources({ fromRevision }) {
        asked.push(fromRevision);
        if (fromRevision === 0n)
          yield { revision: 5n, events: [{ kind: "team", name: "a" }], synced: true };
        else yield { revision: fromRevision + 1n, events: [{ kind: "team", name: "b" }] };
        throw new ConnectError("stopping", Code.Unavailable);
      },
    });
    const names = await collect(client, 3);
    expect(names).toEqual(["a", "b", "b"]);
    expect(asked).toEqual([0n, 5n, 6n]);
  });

  it("starts over when the beginning was not whole, and when it was away too long", async () => {
    const asked: bigint[] = [];
    const client = await clientOf({
      async *watchResources({ fromRevision }) {
        asked.push(fromRevision);
        if (asked.length === 1) {
          yield { revision: 5n, events: [{ kind: "team", name: "half" }] };
          throw new ConnectError("gone", Code.Unavailable);
        }
        if (fromRevision !== 0n) throw new ConnectError("compacted", Code.OutOfRange);
        yield { revision: 9n, events: [{ kind: "team", name: "whole" }], synced: true };
        throw new ConnectError("gone", Code.Unavailable);
      },
    });
    expect(await collect(client, 3)).toEqual(["half", "whole", "whole"]);
    expect(asked).toEqual([0n, 0n, 9n, 0n]);
  });

  it("ends with an error that trying again does not mend", async () => {
    const client = await clientOf({
      // biome-ignore lint/correctness/useYield: it fails before the first answer
      async *watchResources() {
        throw new ConnectError("no", Code.PermissionDenied);
      },
    });
    await expect(collect(client, 1)).rejects.toThrow(PermissionDeniedError);
  });

  it("ends when the signal aborts, while it waits too", async () => {
    const aborter = new AbortController();
    const client = await clientOf({
      async *watchResources(_request, context) {
        yield { revision: 1n, synced: true };
        await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
      },
    });
    let answers = 0;
    for await (const _ of watchResources(client, { signal: aborter.signal })) {
      answers += 1;
      aborter.abort();
    }
    expect(answers).toBe(1);
  });
});

describe("watchResources() over a silent connection", () => {
  it("connects again", async () => {
    const asked: bigint[] = [];
    const client = await clientOf({
      async *watchResources({ fromRevision }, context) {
        asked.push(fromRevision);
        yield { revision: 5n, events: [{ kind: "team", name: "a" }], synced: true };
        await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
      },
    });
    const names: string[] = [];
    for await (const { events } of watchResources(client, { silenceMaxMs: 50 })) {
      for (const { name } of events) names.push(name);
      if (names.length === 2) break;
    }
    expect(asked).toEqual([0n, 5n]);
  });
});

describe("a stream that is left", () => {
  type Left = (client: AdminClient) => AsyncIterable<unknown>;
  it.each<{ name: string; open: Left }>([
    { name: "watchResources()", open: (client) => watchResources(client) },
    { name: "watchAudit()", open: (client) => watchAudit(client) },
  ])("of $name is closed, so that the program may end", async ({ open }) => {
    const closed = Promise.withResolvers<void>();
    async function* endless<T>(first: T, { signal }: { readonly signal: AbortSignal }) {
      signal.addEventListener("abort", () => closed.resolve());
      yield first;
      await closed.promise;
    }
    const client = await clientOf({
      watchResources: (_request, context) => endless({ revision: 1n, synced: true }, context),
      watchAuditEntries: (_request, context) => endless({ id: "a" }, context),
    });
    for await (const _ of open(client)) break;
    await closed.promise;
  });
});

describe("watchAudit()", () => {
  it("connects again when the stream is lost", async () => {
    let streams = 0;
    const client = await clientOf({
      async *watchAuditEntries() {
        streams += 1;
        yield { id: `entry-${streams}` };
        throw new ConnectError("stopping", Code.Unavailable);
      },
    });
    const ids: string[] = [];
    for await (const { id } of watchAudit(client, { timing: recordedTiming([]) })) {
      if (ids.push(id) === 3) break;
    }
    expect(ids).toEqual(["entry-1", "entry-2", "entry-3"]);
  });
});

async function collect(client: AdminClient, count: number): Promise<string[]> {
  const names: string[] = [];
  for await (const { events } of watchResources(client, { timing: recordedTiming([]) })) {
    for (const { name } of events) if (names.push(name) === count) return names;
  }
  return names;
}

function thrownBy(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

/** Sleeps not at all, and says how long it should have. */
function recordedTiming(sleeps: number[]): Timing {
  return {
    random: () => 0.5,
    sleep: async (ms) => {
      sleeps.push(ms);
    },
  };
}

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await stopServer(server);
});

async function stopServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

async function clientOf(
  implementation: Partial<ServiceImpl<typeof admin.AdminService>>,
  options: { readonly timing?: Timing } = {},
): Promise<AdminClient> {
  const server = await startServer(implementation);
  return createAdminClient({ server: server.url, token: "t", ...options });
}

/** An admin service of a few methods over a real socket. */
async function startServer(implementation: Partial<ServiceImpl<typeof admin.AdminService>>) {
  const authorizations: (string | null)[] = [];
  const server = createServer(
    connectNodeAdapter({
      routes: (router) => void router.service(admin.AdminService, implementation),
      interceptors: [
        (next) => (request) => {
          authorizations.push(request.header.get("authorization"));
          return next(request);
        },
      ],
    }),
  );
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A server that listens on a port has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return { server, url: `http://127.0.0.1:${port}`, authorizations };
}
