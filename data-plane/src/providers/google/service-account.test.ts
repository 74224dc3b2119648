import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Fault, ManualClock } from "@headgate/core";
import { importSPKI, type JWTPayload, jwtVerify } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Authorize, UnsignedRequest } from "../authorize.ts";
import type { FormAnswer } from "./post-form.ts";
import { serviceAccountAuthorize } from "./service-account.ts";

const { privateKey, publicKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});
const email = "bot@p.iam.gserviceaccount.example";
const request: UnsignedRequest = {
  method: "POST",
  origin: "https://aiplatform.example",
  path: "/",
  headers: [],
  body: Buffer.alloc(0),
};

describe("serviceAccountAuthorize() over HTTP", () => {
  let server: TokenServer;
  beforeEach(async () => {
    server = new TokenServer();
    await server.start();
  });
  afterEach(() => server.stop());

  it("proves by a signed assertion who it is, and keeps the token", async () => {
    const clock = new ManualClock();
    const authorize = serviceAccountAuthorize({ json: account(server.url), clock });
    expect(await authorize(request)).toEqual(["authorization", "Bearer token-1"]);
    expect(authorize(request)).toEqual(["authorization", "Bearer token-1"]);
    expect(server.claims).toEqual([
      {
        iss: email,
        aud: server.url,
        scope: "https://www.googleapis.com/auth/cloud-platform",
        iat: clock.wallTimeMs() / 1000,
        exp: clock.wallTimeMs() / 1000 + 3600,
      },
    ]);
    expect(server.kids).toEqual(["kid-1"]);
  });

  it("reads keys whose line ends were escaped twice", async () => {
    const json = account(server.url, { private_key: privateKey.replaceAll("\n", "\\n") });
    const authorize = serviceAccountAuthorize({ json, clock: new ManualClock() });
    expect(await authorize(request)).toEqual(["authorization", "Bearer token-1"]);
  });

  it("exchanges an authorized user's refresh token, and names whose quota it is", async () => {
    const json = JSON.stringify({
      type: "authorized_user",
      client_id: "id",
      client_secret: "secret",
      refresh_token: "refresh",
      token_uri: server.url,
      quota_project_id: "billed",
    });
    const authorize = serviceAccountAuthorize({ json, clock: new ManualClock() });
    expect(await authorize(request)).toEqual([
      "authorization",
      "Bearer token-1",
      "x-goog-user-project",
      "billed",
    ]);
    expect(server.forms).toEqual([
      {
        grant_type: "refresh_token",
        client_id: "id",
        client_secret: "secret",
        refresh_token: "refresh",
      },
    ]);
  });

  it.each([
    [
      401,
      '{"error":"invalid_grant","error_description":"Invalid JWT Signature."}',
      "upstream_credentials_rejected",
      /bot@p.*invalid_grant: Invalid JWT Signature/,
    ],
    [400, "<html>", "upstream_credentials_rejected", /status 400/],
    [503, "{}", "upstream_unavailable", /from 127\.0\.0\.1:\d+: status 503/],
    [429, "{}", "upstream_unavailable", /status 429/],
    [200, "{}", "upstream_unavailable", /status 200/],
    [200, "x".repeat(70_000), "upstream_unavailable", /more than 65536 bytes/],
    [307, "", "upstream_unavailable", /could be had/],
  ])("says what %i %j comes to", async (status, body, code, message) => {
    server.answer = { status, body };
    const authorize = serviceAccountAuthorize({
      json: account(server.url),
      clock: new ManualClock(),
    });
    const fault = await faultOf(authorize);
    expect(fault.code).toBe(code);
    expect(fault.message).toMatch(message);
  });

  it("says that nobody answers", async () => {
    const { url } = server;
    await server.stop();
    const authorize = serviceAccountAuthorize({ json: account(url), clock: new ManualClock() });
    expect((await faultOf(authorize)).code).toBe("upstream_unavailable");
    server = new TokenServer();
    await server.start();
  });
});

describe("serviceAccountAuthorize()", () => {
  it("asks once for all who wait", async () => {
    const { authorize, answers } = scripted();
    const waiting = [authorize(request), authorize(request), authorize(request)];
    await answers.next("a");
    const headers = await Promise.all(waiting);
    expect(headers).toEqual(Array(3).fill(["authorization", "Bearer a"]));
    expect(answers.asked).toBe(1);
  });

  it("renews in the background before the end, by one request, and answers at once meanwhile", async () => {
    const { authorize, answers, clock } = scripted();
    const first = authorize(request);
    await answers.next("a", 3600);
    await first;
    await clock.advance(54 * 60_000);
    expect(authorize(request)).toEqual(["authorization", "Bearer a"]);
    await clock.advance(0);
    expect(answers.asked).toBe(1);
    await clock.advance(60_000);
    for (let i = 0; i < 5; i++) expect(authorize(request)).toEqual(["authorization", "Bearer a"]);
    await answers.next("b", 3600);
    expect(answers.asked).toBe(2);
    expect(authorize(request)).toEqual(["authorization", "Bearer b"]);
  });

  it("serves on with a valid token while renewal fails, with ever longer pauses, then says why", async () => {
    const { authorize, answers, clock } = scripted();
    const first = authorize(request);
    await answers.next("a", 3600);
    await first;
    await clock.advance(55 * 60_000);
    const started = clock.now();
    answers.failing = true;
    while (clock.now() < started + 4 * 60_000) {
      expect(authorize(request)).toEqual(["authorization", "Bearer a"]);
      await clock.advance(500);
    }
    // After 0, 1, 3, 7, 15, 31, 63 s, and then every minute.
    expect(answers.asked).toBeGreaterThan(7);
    expect(answers.asked).toBeLessThan(13);
    await clock.advance(60_000);
    expect((await faultOf(authorize)).message).toMatch(
      /the authorized user.*oauth\.example.*no network/,
    );
    const asked = answers.asked;
    expect((await faultOf(authorize)).code).toBe("upstream_unavailable");
    expect(answers.asked).toBe(asked);
    answers.failing = false;
    await clock.advance(60_000);
    const again = authorize(request);
    await answers.next("b");
    expect(await again).toEqual(["authorization", "Bearer b"]);
  });

  it("forgets a token that was refused, and not one that came meanwhile", async () => {
    const { authorize, answers } = scripted();
    const first = authorize(request);
    await answers.next("a");
    const refused = ["content-type", "application/json", ...(await first)];
    authorize.reject?.(refused);
    const second = authorize(request);
    await answers.next("b");
    expect(await second).toEqual(["authorization", "Bearer b"]);
    authorize.reject?.(refused);
    authorize.reject?.([]);
    expect(authorize(request)).toEqual(["authorization", "Bearer b"]);
    expect(answers.asked).toBe(2);
  });

  it("does not ask all the time for tokens that live shortly", async () => {
    const { authorize, answers, clock } = scripted();
    const first = authorize(request);
    await answers.next("a", 60);
    await first;
    await clock.advance(29_000);
    expect(authorize(request)).toEqual(["authorization", "Bearer a"]);
    await clock.advance(0);
    expect(answers.asked).toBe(1);
    await clock.advance(25_000);
    const second = authorize(request);
    await answers.next("b", 60);
    expect(await second).toEqual(["authorization", "Bearer b"]);
  });

  it("gives up on an endpoint that does not answer in time", async () => {
    const clock = new ManualClock();
    const authorize = serviceAccountAuthorize({
      json: userJson,
      clock,
      post: (_, __, signal) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
        }),
    });
    const fault = faultOf(authorize);
    await clock.advance(10_000);
    expect((await fault).message).toMatch(/no answer within 10000 ms/);
  });

  it.each([
    ["{", /not a JSON object/],
    ["[]", /not a JSON object/],
    ["{}", /has no "type"/],
    ['{"type":"external_account"}', /type is "external_account"/],
    [
      JSON.stringify({ type: "service_account", private_key: privateKey }),
      /"client_email" is missing/,
    ],
    [account("ftp://x", {}), /"token_uri" is not an http\(s\) URL/],
    [
      account("https://x.example", { private_key: `-----BEGIN PRIVATE KEY-----\n${"c2VjcmV0"}\n` }),
      /cannot be read/,
    ],
    [
      '{"type":"authorized_user","client_id":"i","client_secret":"secret"}',
      /"refresh_token" is missing/,
    ],
  ])("says what is wrong with credentials, and none of their secrets", async (json, message) => {
    const authorize = serviceAccountAuthorize({ json, clock: new ManualClock(), post: noNetwork });
    const fault = await faultOf(authorize);
    expect(fault.code).toBe("upstream_credentials_rejected");
    expect(fault.message).toMatch(message);
    const shown = `${fault.message}${String(fault.cause)}${JSON.stringify(fault)}`;
    expect(shown).not.toMatch(/PRIVATE KEY|c2VjcmV0|secret"/);
  });
});

function account(tokenUri: string, more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    type: "service_account",
    project_id: "p",
    private_key_id: "kid-1",
    private_key: privateKey,
    client_email: email,
    token_uri: tokenUri,
    ...more,
  });
}

async function faultOf(authorize: Authorize): Promise<Fault> {
  try {
    await authorize(request);
  } catch (reason) {
    if (reason instanceof Fault) return reason;
    throw reason;
  }
  throw new Error("there was a token");
}

async function noNetwork(): Promise<FormAnswer> {
  throw new Error("no network");
}

/** Whose form needs no signing, which takes time that no clock of ours tells. */
const userJson = JSON.stringify({
  type: "authorized_user",
  client_id: "id",
  client_secret: "secret",
  refresh_token: "refresh",
  token_uri: "https://oauth.example/token",
});

/** Answers that come when the test says so. */
function scripted() {
  const clock = new ManualClock();
  const answers = new ScriptedAnswers();
  const authorize = serviceAccountAuthorize({ json: userJson, clock, post: () => answers.post() });
  return { authorize, answers, clock };
}

class ScriptedAnswers {
  asked = 0;
  failing = false;
  readonly #open: ((answer: FormAnswer) => void)[] = [];
  #wake: () => void = () => {};

  post(): Promise<FormAnswer> {
    this.asked++;
    if (this.failing) return noNetwork();
    return new Promise((resolve) => {
      this.#open.push(resolve);
      this.#wake();
    });
  }

  /** Answers the request that waits, or the next one. */
  async next(token: string, expiresInS = 3600): Promise<void> {
    if (this.#open.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    const body = JSON.stringify({ access_token: token, expires_in: expiresInS });
    this.#open.shift()?.({ status: 200, body });
    await new Promise((resolve) => setImmediate(resolve));
  }
}

class TokenServer {
  answer: FormAnswer | undefined;
  readonly claims: JWTPayload[] = [];
  readonly kids: unknown[] = [];
  readonly forms: unknown[] = [];
  #given = 0;
  readonly #server = createServer(async (incoming, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of incoming) pieces.push(piece);
    const form = new URLSearchParams(Buffer.concat(pieces).toString());
    const known = await this.#check(form, incoming.headers["content-type"] ?? "");
    const { status, body } = this.answer ?? (known ? this.#token() : { status: 401, body: "{}" });
    response
      .writeHead(status, { "content-type": "application/json", location: "/elsewhere" })
      .end(body);
  });

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/token`;
  }

  async start(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  #token(): FormAnswer {
    const access_token = `token-${++this.#given}`;
    return {
      status: 200,
      body: JSON.stringify({ access_token, expires_in: 3599, token_type: "Bearer" }),
    };
  }

  async #check(form: URLSearchParams, contentType: string): Promise<boolean> {
    if (!contentType.startsWith("application/x-www-form-urlencoded")) return false;
    if (form.get("grant_type") === "refresh_token") {
      this.forms.push(Object.fromEntries(form));
      return true;
    }
    if (form.get("grant_type") !== "urn:ietf:params:oauth:grant-type:jwt-bearer") return false;
    const key = await importSPKI(publicKey, "RS256");
    // The assertion's time is the manual clock's.
    const currentDate = new Date(1_750_000_000_000);
    const verified = await jwtVerify(form.get("assertion") ?? "", key, {
      currentDate,
      algorithms: ["RS256"],
    });
    this.claims.push(verified.payload);
    this.kids.push(verified.protectedHeader.kid);
    return true;
  }
}
