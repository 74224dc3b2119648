import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { admin, resources } from "@headgate/proto";
import { afterEach, describe, expect, it } from "vitest";
import { createAdminClient } from "./admin-client.ts";

const teamNames = Array.from({ length: 7 }, (_, index) => `team-${index}`);

describe("createAdminClient()", () => {
  it("sends the admin token with every call", async () => {
    const server = await startServer();
    const client = createAdminClient({ server: server.url, token: "t0ken" });
    await client.listNodes({});
    expect(server.authorizations).toEqual(["Bearer t0ken"]);
  });

  it.each([1, 3, 7, 100])("lists everything in pages of %i", async (pageSize) => {
    const server = await startServer();
    const client = createAdminClient({ server: server.url, token: "t" });
    const names: string[] = [];
    for await (const team of client.listAll("team", { pageSize })) names.push(team.name);
    expect(names).toEqual(teamNames);
    expect(server.authorizations).toHaveLength(Math.max(1, Math.ceil(7 / pageSize)));
  });

  it("fetches no page that is not consumed", async () => {
    const server = await startServer();
    const client = createAdminClient({ server: server.url, token: "t" });
    for await (const team of client.listAll("team", { pageSize: 2 })) {
      if (team.name === "team-1") break;
    }
    expect(server.authorizations).toHaveLength(1);
  });

  it("passes the control plane's errors on with their code", async () => {
    const server = await startServer();
    const client = createAdminClient({ server: server.url, token: "t" });
    const failure = await client.getTeam({ name: "nobody" }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConnectError);
    expect(failure).toMatchObject({ code: Code.NotFound, rawMessage: "no team nobody" });
  });

  it("gives up at the deadline", async () => {
    const server = await startServer();
    const client = createAdminClient({ server: server.url, token: "t", timeoutMs: 50 });
    const failure = await client.getKey({ name: "slow" }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: Code.DeadlineExceeded });
  });

  it("accepts a server with a trailing slash", async () => {
    const server = await startServer();
    const client = createAdminClient({ server: `${server.url}/`, token: "t" });
    await expect(client.listNodes({})).resolves.toMatchObject({ nodes: [] });
  });

  it.each(["", "127.0.0.1:8081", "ftp://host", "not a url"])("refuses the server %j", (server) => {
    expect(() => createAdminClient({ server, token: "t" })).toThrow(
      /server must be an http:\/\/ or https:\/\/ URL/,
    );
  });
});

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** An admin service over a real socket that knows seven teams and hangs on the key "slow". */
async function startServer() {
  const authorizations: (string | null)[] = [];
  const server = createServer(
    connectNodeAdapter({
      routes: (router) => {
        router.service(admin.AdminService, {
          listNodes: () => create(admin.ListNodesResponseSchema),
          getTeam: (request) => {
            throw new ConnectError(`no team ${request.name}`, Code.NotFound);
          },
          getKey: (_request, context) =>
            new Promise((_resolve, reject) => {
              context.signal.addEventListener("abort", () => reject(context.signal.reason));
            }),
          listTeams: ({ pageSize, pageToken }) => {
            const from = Number(pageToken || "0");
            const to = from + pageSize;
            return create(admin.ListTeamsResponseSchema, {
              teams: teamNames
                .slice(from, to)
                .map((name) => create(resources.TeamSchema, { name })),
              nextPageToken: to < teamNames.length ? String(to) : "",
            });
          },
        });
      },
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
  return { url: `http://127.0.0.1:${port}`, authorizations };
}
