import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { Fault, ManualClock, systemClock } from "@headgate/core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type GuardedFetchOptions, guardedFetch } from "./guarded-fetch.ts";

const png = Buffer.from("89504e470d0a1a0a00", "hex");
type Handler = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let origin: string;
let handler: Handler;
let requests: IncomingMessage[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(request);
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  requests = [];
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe("guardedFetch() refuses", () => {
  const notPublic = /has an address that is not public/;

  it.each<[url: string, says: RegExp, resolved?: readonly string[]]>([
    ["http://example.com/a.png", /is not an https one/],
    ["ftp://example.com/a.png", /is not an https one/],
    ["file:///etc/passwd", /is not an https one/],
    ["data:image/png;base64,AA", /is not an https one/],
    ["gopher://example.com/", /is not an https one/],
    ["a.png", /is not a URL/],
    ["https://", /is not a URL/],
    [`https://example.com/${"a".repeat(9_000)}`, /is longer than 8192/],
    ["https://user:pass@example.com/", /holds a user or password/],
    ["https://user@example.com/", /holds a user or password/],
    ["https://example.com:22/", /names a port/],
    ["https://example.com:8443/", /names a port/],
    // Loopback, in every spelling that a URL parser knows.
    ["https://127.0.0.1/", notPublic],
    ["https://127.1/", notPublic],
    ["https://2130706433/", notPublic],
    ["https://0x7f000001/", notPublic],
    ["https://0177.0.0.1/", notPublic],
    ["https://0x7f.0.0.1/", notPublic],
    ["https://%31%32%37.0.0.1/", notPublic],
    ["https://①②⑦.0.0.1/", notPublic],
    ["https://127.0.0.1./", notPublic],
    ["https://0.0.0.0/", notPublic],
    ["https://0/", notPublic],
    // Private, link-local (metadata services), shared, reserved, multicast, broadcast.
    ["https://10.1.2.3/", notPublic],
    ["https://172.16.0.1/", notPublic],
    ["https://192.168.1.1/", notPublic],
    ["https://169.254.169.254/latest/meta-data/", notPublic],
    ["https://100.100.100.200/", notPublic],
    ["https://168.63.129.16/", notPublic],
    ["https://192.0.0.192/", notPublic],
    ["https://192.0.2.1/", notPublic],
    ["https://198.18.0.1/", notPublic],
    ["https://224.0.0.1/", notPublic],
    ["https://240.0.0.1/", notPublic],
    ["https://255.255.255.255/", notPublic],
    // IPv6, and IPv4 within it.
    ["https://[::1]/", notPublic],
    ["https://[::]/", notPublic],
    ["https://[fe80::1]/", notPublic],
    ["https://[fc00::1]/", notPublic],
    ["https://[fd00:ec2::254]/", notPublic],
    ["https://[ff02::1]/", notPublic],
    ["https://[::ffff:127.0.0.1]/", notPublic],
    ["https://[::ffff:7f00:1]/", notPublic],
    ["https://[::127.0.0.1]/", notPublic],
    ["https://[64:ff9b::7f00:1]/", notPublic],
    ["https://[64:ff9b:1::a00:1]/", notPublic],
    ["https://[2002:7f00:1::]/", notPublic],
    ["https://[2001:0:7f00:1::]/", notPublic],
    ["https://[2001:db8::1]/", notPublic],
    ["https://[4000::1]/", notPublic],
    // Names that resolve to such.
    ["https://localtest.example/", notPublic, ["127.0.0.1"]],
    ["https://metadata.example/", notPublic, ["169.254.169.254"]],
    ["https://v6.example/", notPublic, ["::1"]],
    ["https://mapped.example/", notPublic, ["::ffff:10.0.0.1"]],
    ["https://nat64.example/", notPublic, ["64:ff9b::a00:1"]],
    ["https://half.example/", notPublic, ["93.184.215.14", "10.0.0.1"]],
    ["https://zone.example/", notPublic, ["fe80::1%eth0"]],
    ["https://nothing.example/", /its host has no address/, []],
  ])("%s", async (url, says, resolved) => {
    const fault = await failure(url, {
      allowHosts: new Set(["files.test"]),
      resolve: async () => (resolved ?? ["127.0.0.1"]).map(addressOf),
    });
    expect(fault.code).toBe("media_not_fetched");
    expect(fault.message).toMatch(says);
    for (const address of resolved ?? []) expect(fault.message).not.toContain(address);
    expect(fault.message).not.toContain("pass@");
  });

  it("a name that is not known, without its resolver's words", async () => {
    const resolve = () =>
      Promise.reject(
        Object.assign(new Error("getaddrinfo ENOTFOUND 10.0.0.53"), { code: "ENOTFOUND" }),
      );
    const { message } = await failure("https://nowhere.example/a?sig=1", { resolve });
    expect(message).toBe(
      "https://nowhere.example/a could not be fetched for the provider: its host is not known.",
    );
  });

  it.each<[name: string, handler: Handler, says: RegExp]>([
    ["another status", (_, res) => res.writeHead(404).end(), /answered with status 404/],
    ["partial content", (_, res) => res.writeHead(206).end("x"), /answered with status 206/],
    ["a redirect to nowhere", (_, res) => res.writeHead(302).end(), /answered with status 302/],
    ["nothing", (_, res) => res.end(), /it is empty/],
    [
      "JSON",
      (_, res) => res.setHeader("content-type", "application/json").end("{}"),
      /neither image/,
    ],
    ["bytes of no kind", (_, res) => res.end("hello"), /neither image/],
    [
      "compressed bytes",
      (_, res) => res.setHeader("content-encoding", "gzip").end(png),
      /compressed/,
    ],
    [
      "a file that says it is too large",
      (_, res) => res.setHeader("content-length", 1001).write(png),
      /more than 1000 bytes/,
    ],
    [
      "a file that turns out too large",
      (_, res) => {
        res.setHeader("content-type", "image/png");
        res.write(png);
        res.end(Buffer.alloc(1000));
      },
      /more than 1000 bytes/,
    ],
    [
      "a file that breaks off",
      (_, res) => {
        res.writeHead(200, { "content-type": "image/png", "content-length": 100 });
        res.write(png, () => res.destroy());
      },
      /the connection to its host failed/,
    ],
    ["a closed connection", (req) => req.destroy(), /the connection to its host failed/],
    ["redirects without end", (_, res) => redirect(res, "/again"), /redirects more than 3 times/],
    ...(
      [
        ["http://127.0.0.2/", "is not an https one"],
        ["https://169.254.169.254/", "has an address that is not public"],
        ["//0x7f000002:443/", "is not an https one"],
        ["https://u:p@example.com/", "holds a user or password"],
        ["file:///etc/passwd", "is not an https one"],
        ["https://[", "is not a URL"],
      ] as const
    ).map(([to, why]): [string, Handler, RegExp] => [
      `a redirect to ${to}`,
      (_, res) => redirect(res, to),
      new RegExp(`it redirects to a URL that ${why}`),
    ]),
  ])("%s", async (_, answer, says) => {
    handler = answer;
    const fault = await failure(`${origin}/a.png`, { bytesMax: 1_000 });
    expect(fault.code).toBe("media_not_fetched");
    expect(fault.message).toMatch(says);
  });

  it("a refused connection, in words that name no address", async () => {
    const { message } = await failure("http://files.test:1/a.png", {
      resolve: async () => [addressOf("127.0.0.1")],
    });
    expect(message).toBe(
      "http://files.test:1/a.png could not be fetched for the provider: its host refused the connection.",
    );
  });

  it("a host that speaks no TLS", async () => {
    const { message } = await failure(origin.replace("http:", "https:"));
    expect(message).toContain("the connection to its host failed");
  });

  it("what takes too long, from whatever point on", async () => {
    for (const [answer, last] of [
      [() => {}, "/a.png"],
      [slowBody, "/a.png"],
      [slowRedirect, "/b.png"],
    ] as const) {
      handler = answer;
      const clock = new ManualClock();
      const failed = failure(`${origin}/a.png`, { clock, timeoutMs: 50 });
      await arrived(last);
      clock.advance(51);
      expect((await failed).message).toContain("it took longer than 50 ms");
    }
  });

  it("what the client no longer waits for", async () => {
    handler = slowBody;
    const client = new AbortController();
    const failed = failure(`${origin}/a.png`, { signal: client.signal });
    await arrived("/a.png");
    client.abort();
    expect((await failed).code).toBe("client_closed");
  });
});

describe("guardedFetch()", () => {
  it("fetches from an allowed host, with nothing of ours but a name", async () => {
    handler = (_, res) => res.setHeader("content-type", "image/png").end(png);
    expect(await guardedFetch(`${origin}/a.png?b=c`, options())).toEqual({
      mediaType: "image/png",
      data: png.toString("base64"),
    });
    expect(requests[0]?.url).toBe("/a.png?b=c");
    expect(Object.keys(requests[0]?.headers ?? {}).sort()).toEqual([
      "accept",
      "accept-encoding",
      "connection",
      "host",
      "user-agent",
    ]);
    expect(requests[0]?.headers).toMatchObject({
      "accept-encoding": "identity",
      connection: "close",
      "user-agent": "headgate",
    });
  });

  it("resolves a name once per request, and connects to what was resolved", async () => {
    handler = (req, res) =>
      req.url === "/a" ? redirect(res, "/b") : res.setHeader("content-type", "text/csv").end("a,b");
    const answers = [["127.0.0.1"], ["127.0.0.1"], ["10.0.0.1"]];
    const asked: string[] = [];
    const media = await guardedFetch(origin.replace("127.0.0.1", "Files.test.").concat("/a"), {
      ...options(),
      resolve: async (hostname) => {
        asked.push(hostname);
        return (answers.shift() ?? []).map(addressOf);
      },
    });
    expect(media.mediaType).toBe("text/csv");
    expect(asked).toEqual(["files.test.", "files.test."]);
  });

  it("follows three redirects", async () => {
    handler = (req, res) => {
      const hop = Number(req.url?.slice(1));
      if (hop < 3) redirect(res, `${origin}/${hop + 1}`);
      else res.setHeader("content-type", "audio/wav").end("RIFF");
    };
    expect((await guardedFetch(`${origin}/0`, options())).mediaType).toBe("audio/wav");
  });

  it.each([
    ["as it says", "application/pdf", "%PDF-1.7", "application/pdf"],
    ["with parameters and capitals", "Text/Plain; charset=utf-8", "hi", "text/plain"],
    ["by its first bytes, if it does not say", undefined, png, "image/png"],
    ["by its first bytes, if it says nothing", "application/octet-stream", png, "image/png"],
    ["by its first bytes, if they say otherwise", "image/jpg", "GIF89a..", "image/gif"],
    ["by its first bytes: WebP", "binary/octet-stream", "RIFF1234WEBPVP8 ", "image/webp"],
    ["by its first bytes: JPEG", "", Buffer.from("ffd8ffe0", "hex"), "image/jpeg"],
    ["as it says, if they say nothing", "image/svg+xml", "<svg/>", "image/svg+xml"],
  ])("tells the type %s", async (_, contentType, body, mediaType) => {
    handler = (__, res) => {
      if (contentType !== undefined) res.setHeader("content-type", contentType);
      res.end(body);
    };
    expect((await guardedFetch(origin, options())).mediaType).toBe(mediaType);
  });

  it("takes a file of exactly the largest size", async () => {
    handler = (_, res) => res.setHeader("content-type", "image/png").end(Buffer.alloc(1_000));
    const { data } = await guardedFetch(origin, { ...options(), bytesMax: 1_000 });
    expect(Buffer.from(data, "base64")).toHaveLength(1_000);
  });
});

function options(): GuardedFetchOptions {
  return {
    allowHosts: new Set(["127.0.0.1", "Files.TEST"]),
    bytesMax: 100_000,
    timeoutMs: 10_000,
    signal: new AbortController().signal,
    clock: systemClock,
  };
}

async function failure(url: string, more: Partial<GuardedFetchOptions> = {}): Promise<Fault> {
  const reason: unknown = await guardedFetch(url, { ...options(), ...more }).then(
    () => new Error("it was fetched"),
    (thrown: unknown) => thrown,
  );
  if (reason instanceof Fault) return reason;
  throw reason;
}

/** The server has this request, which is then forgotten. */
async function arrived(url: string): Promise<void> {
  while (!requests.some((request) => request.url === url)) await delay(1);
  requests = [];
}

function addressOf(address: string): { address: string; family: number } {
  return { address, family: address.includes(":") ? 6 : 4 };
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { location }).end();
}

function slowBody(_: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { "content-type": "image/png" });
  response.write(png);
}

function slowRedirect(request: IncomingMessage, response: ServerResponse): void {
  if (request.url === "/a.png") redirect(response, "/b.png");
}
