import type { X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { request as httpsRequest } from "node:https";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import { ManualClock } from "@headgate/core";
import { grpcHealth } from "@headgate/proto";
import { type Certificate, createAuthority } from "@headgate/testing";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { TlsTexts } from "./listener.ts";
import { rpcHandler } from "./node-adapter.ts";
import { type Peer, peerKey } from "./peer.ts";
import { certificateProblem, urisFromSubjectAltName } from "./peer-certificate.ts";
import { createHttp1Server, createHttp2PortServer } from "./servers.ts";
import { startTlsReload } from "./tls-reload.ts";

const authority = createAuthority("servers");
const clients = createAuthority("clients");
const strangers = createAuthority("strangers");
const dayMs = 24 * 60 * 60_000;
const node = "spiffe://headgate/region/eu/node/a";

const server = authority.issue({ commonName: "one" });
const renewed = authority.issue({ commonName: "two" });
const client = clients.issue({ commonName: "node-a", uris: [node], use: "client" });
const expired = clients.issue({
  commonName: "late",
  notBefore: new Date(Date.now() - 3 * dayMs),
  notAfter: new Date(Date.now() - dayMs),
});
const early = clients.issue({
  commonName: "early",
  notBefore: new Date(Date.now() + dayMs),
  notAfter: new Date(Date.now() + 2 * dayMs),
});
const foreign = strangers.issue({ commonName: "foreign", uris: [node] });

function textsOf({ cert, key }: Certificate, clientCa?: string): TlsTexts {
  return { cert, key, ...(clientCa !== undefined && { clientCa }) };
}

describe.each(["HTTP/1.1", "HTTP/2"] as const)("a TLS listener of %s", (protocol) => {
  const seen: Peer[] = [];
  let listener: Awaited<ReturnType<typeof listenWith>>;

  beforeAll(async () => {
    listener = await listenWith(textsOf(server, clients.ca));
  });
  afterAll(() => listener.close());

  it.each([
    { name: "none", certificate: undefined, expected: undefined },
    {
      name: "a good one",
      certificate: client,
      expected: { authorized: true, subject: "CN=node-a", uris: [node] },
    },
    {
      name: "one that has expired",
      certificate: expired,
      expected: { authorized: false, error: "CERT_HAS_EXPIRED", subject: "CN=late" },
    },
    {
      name: "one that is not valid yet",
      certificate: early,
      expected: { authorized: false, error: "CERT_NOT_YET_VALID" },
    },
    {
      name: "one of strangers",
      certificate: foreign,
      expected: { authorized: false, error: "UNABLE_TO_VERIFY_LEAF_SIGNATURE", uris: [node] },
    },
    {
      name: "one that is for servers",
      certificate: clients.issue({ commonName: "s", use: "server" }),
      expected: { authorized: false, error: "INVALID_PURPOSE" },
    },
  ])("completes the handshake, and tells what the client showed: $name", async (row) => {
    const { certificate, expected } = row;
    expect(await listener.call(certificate)).toBe(200);
    const shown = seen.at(-1)?.certificate;
    if (expected) expect(shown).toMatchObject(expected);
    else expect(shown).toBeUndefined();
    if (shown) {
      expect(shown.fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
      expect(certificateProblem(shown, Date.now()) === undefined).toBe(shown.authorized);
    }
  });

  it("does not ask without an authority", async () => {
    await using plain = await listenWith(textsOf(server));
    expect(await plain.call(client)).toBe(200);
    expect(seen.at(-1)?.certificate).toBeUndefined();
  });

  it.each([
    { maxVersion: "TLSv1.1", minVersion: "TLSv1", taken: false },
    { maxVersion: "TLSv1.2", taken: true },
    { minVersion: "TLSv1.3", taken: true },
  ] as const)("takes no version before 1.2: %o", async ({ taken, ...versions }) => {
    // Level 0: the client's own OpenSSL would refuse to offer what is old.
    const handshake = shake({ ...versions, ciphers: "DEFAULT@SECLEVEL=0" });
    if (taken) (await handshake).destroy();
    else await expect(handshake).rejects.toThrow(/protocol|version|handshake/i);
  });

  describe("whose files change", () => {
    let texts: TlsTexts | Error;
    let clock: ManualClock;
    let expiries: number[];
    let lines: { level: number; reason?: string }[];
    let reload: Disposable;
    let reloading: Awaited<ReturnType<typeof listenWith>>;

    beforeEach(async () => {
      texts = textsOf(server, clients.ca);
      clock = new ManualClock();
      expiries = [];
      lines = [];
      reloading = await listenWith(texts);
      reload = startTlsReload({
        tls: texts,
        read: async () => {
          if (texts instanceof Error) throw texts;
          return texts;
        },
        servers: [reloading.server],
        clock,
        logger: pino({ level: "info" }, { write: (line: string) => lines.push(JSON.parse(line)) }),
        onCertificate: (expireTimeMs) => expiries.push(expireTimeMs),
      });
    });
    afterEach(async () => {
      reload[Symbol.dispose]();
      await reloading.close();
    });

    it("shows the new certificate to new connections, and keeps those open", async () => {
      const open = await shake({}, reloading.port);
      expect(subjectOf(open)).toBe("one");
      texts = textsOf(renewed, clients.ca);
      await clock.advance(5_000);
      const next = await shake({}, reloading.port);
      expect(subjectOf(next)).toBe("two");
      expect(open.destroyed).toBe(false);
      expect(await reloading.call(client)).toBe(200);
      expect(seen.at(-1)?.certificate).toMatchObject({ authorized: true });
      expect(expiries).toHaveLength(2);
      expect(Math.abs((expiries[1] ?? 0) - Date.now() - 30 * dayMs)).toBeLessThan(dayMs);
      for (const socket of [open, next]) socket.destroy();
    });

    it("takes another authority of clients", async () => {
      texts = textsOf(server, strangers.ca);
      await clock.advance(5_000);
      expect(await reloading.call(foreign)).toBe(200);
      expect(seen.at(-1)?.certificate).toMatchObject({ authorized: true });
      expect(await reloading.call(client)).toBe(200);
      expect(seen.at(-1)?.certificate).toMatchObject({ authorized: false });
    });

    it.each([
      { name: "no PEM", broken: { cert: "x", key: "y" }, says: /PEM|no start line/i },
      {
        name: "a key of another certificate: half of the two was written",
        broken: { cert: renewed.cert, key: server.key },
        says: /key values mismatch/,
      },
      { name: "no file", broken: new Error("ENOENT: tls.pem"), says: /ENOENT/ },
    ])("keeps what it had, says why once, and tries again: $name", async ({ broken, says }) => {
      texts = broken;
      await clock.advance(30_000);
      const errors = lines.filter(({ level }) => level === 50);
      expect(errors).toHaveLength(1);
      expect(errors[0]?.reason).toMatch(says);
      const socket = await shake({}, reloading.port);
      expect(subjectOf(socket)).toBe("one");
      socket.destroy();

      texts = textsOf(renewed, clients.ca);
      await clock.advance(5_000);
      const next = await shake({}, reloading.port);
      expect(subjectOf(next)).toBe("two");
      next.destroy();
      expect(JSON.stringify(lines)).not.toContain("PRIVATE KEY");
    });
  });

  async function listenWith(tls: TlsTexts) {
    const handler = rpcHandler({
      routes: (router) =>
        router.service(grpcHealth.Health, {
          check: (_, { values }) => {
            seen.push(values.get(peerKey));
            return {};
          },
        }),
      fallback: (_, response) => {
        response.writeHead(404);
        response.end();
      },
      logger: pino({ level: "silent" }),
    });
    const create = protocol === "HTTP/2" ? createHttp2PortServer : createHttp1Server;
    const server = create(tls, handler);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = address !== null && typeof address === "object" ? address.port : 0;
    const close = async () => {
      server.close();
      if ("closeAllConnections" in server) server.closeAllConnections();
    };
    return {
      // Sound because it was made with TLS.
      server: server as typeof server & Parameters<typeof startTlsReload>[0]["servers"][number],
      port,
      call: (certificate?: Certificate) => check(protocol, port, certificate),
      close,
      [Symbol.asyncDispose]: close,
    };
  }

  async function shake(options: ConnectionOptions, port = listener.port): Promise<TLSSocket> {
    const alpn = protocol === "HTTP/2" ? { ALPNProtocols: ["h2"] } : {};
    const socket = connectTls({ port, host: "127.0.0.1", ca: authority.ca, ...alpn, ...options });
    socket.on("error", () => undefined);
    await once(socket, "secureConnect");
    return socket;
  }
});

describe("urisFromSubjectAltName()", () => {
  it.each([
    { text: "", uris: [] },
    { text: "DNS:a.example, IP Address:127.0.0.1", uris: [] },
    { text: "DNS:a.example, URI:spiffe://a/b, URI:https://c", uris: ["spiffe://a/b", "https://c"] },
    { text: 'URI:"spiffe://a, URI:spiffe://b"', uris: ["spiffe://a, URI:spiffe://b"] },
    { text: 'DNS:"x, URI:spiffe://evil", URI:spiffe://a', uris: ["spiffe://a"] },
    { text: 'DNS:"x\\", URI:spiffe://evil", URI:spiffe://a', uris: ["spiffe://a"] },
    { text: 'DNS:x", URI:spiffe://evil', uris: [] },
    { text: "URI:spiffe://a, nonsense", uris: [] },
  ])("reads $text", ({ text, uris }) => {
    expect(urisFromSubjectAltName(text)).toEqual(uris);
  });
});

function subjectOf(socket: TLSSocket): string {
  const certificate: X509Certificate | undefined = socket.getPeerX509Certificate();
  return certificate?.subject.replace("CN=", "") ?? "";
}

/** The status of a call of Health.Check over a connection of its own. */
async function check(protocol: string, port: number, certificate?: Certificate): Promise<number> {
  const path = "/grpc.health.v1.Health/Check";
  const identity = certificate && { cert: certificate.cert, key: certificate.key };
  const options = { ca: authority.ca, servername: "localhost", ...identity };
  const headers = { "content-type": "application/json" };
  if (protocol === "HTTP/1.1") {
    const request = httpsRequest({
      ...{ ...options, headers, host: "127.0.0.1", port, path, method: "POST", agent: false },
    });
    request.end("{}");
    const [response]: IncomingMessage[] = await once(request, "response");
    response?.resume();
    return response?.statusCode ?? 0;
  }
  const session = connectHttp2(`https://127.0.0.1:${port}`, options);
  try {
    const stream = session.request({ ":path": path, ":method": "POST", ...headers });
    stream.end("{}");
    const [response] = await once(stream, "response");
    stream.resume();
    await once(stream, "end");
    return Number(response[":status"]);
  } finally {
    session.close();
  }
}
