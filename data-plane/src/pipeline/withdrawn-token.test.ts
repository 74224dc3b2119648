import { jsonAnswer, startFakeProvider } from "@headgate/testing";
import { describe, expect, it } from "vitest";
import { startProxyFixture } from "../http/proxy-fixture.ts";

describe("a call with a token that its vendor takes no more", () => {
  it.each([
    { status: 401, word: "UNAUTHENTICATED", asked: 2 },
    // The token is a good one: another would do no better.
    { status: 403, word: "PERMISSION_DENIED", asked: 1 },
  ])("has the next one ask for $asked in all, after $status", async ({ status, word, asked }) => {
    let tokens = 0;
    const proofs: unknown[] = [];
    await using google = await startFakeProvider({
      behaviour: ({ path, headers }) => {
        if (path === "/token") {
          return jsonAnswer({ access_token: `t${++tokens}`, expires_in: 3600 });
        }
        proofs.push(headers["authorization"]);
        const refusal = { error: { code: status, message: "no", status: word } };
        return proofs.length === 1 ? jsonAnswer(refusal, { status }) : jsonAnswer(hello);
      },
    });
    await using proxy = await startProxyFixture({ resources: resourcesFor(google.origin) });
    const ask = () =>
      proxy.post("/v1/chat/completions", {
        model: "m",
        messages: [{ role: "user", content: "a" }],
      });
    expect((await ask()).status).toBe(502);
    expect((await ask()).status).toBe(200);
    expect(proofs).toEqual(["Bearer t1", `Bearer t${asked}`]);
    expect(tokens).toBe(asked);
  });
});

const hello = {
  candidates: [{ content: { role: "model", parts: [{ text: "Hi." }] }, finishReason: "STOP" }],
};

function resourcesFor(origin: string) {
  const apiKey = JSON.stringify({
    type: "authorized_user",
    client_id: "id",
    client_secret: "secret",
    refresh_token: "refresh",
    token_uri: `${origin}/token`,
  });
  return {
    providers: [
      {
        name: "google",
        type: "PROVIDER_TYPE_VERTEX",
        baseUrl: origin,
        project: "p",
        location: "global",
        credentials: [{ name: "a", apiKey }],
      },
    ],
    models: [{ name: "m", deployments: [{ provider: "google", model: "gemini-2.5-flash" }] }],
  };
}
