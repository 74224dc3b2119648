import { isRecord } from "@headgate/core";
import type { Exchange } from "@headgate/testing";
import { describeExchanges } from "@headgate/testing/describe-exchanges";
import { openAiSchemaOrNotice } from "@headgate/testing/openai-schema";
import { afterAll, beforeAll, expect, it } from "vitest";
import { TranslationGateway } from "../differential/translation-gateway.ts";
import { type DialectCase, dialectCases } from "./dialect-case.ts";

const paths: Readonly<Record<string, string>> = {
  chat: "/v1/chat/completions",
  completions: "/v1/completions",
  messages: "/v1/messages",
  responses: "/v1/responses",
};

/** All that may be said against a request that its own vendor took. */
const refusals = ["media_not_fetched", "unsupported_value"];

const suite = "every recorded request, put to every vendor";

describeExchanges(suite, (library) => {
  // A server of chat is asked in place of OpenAI, to which Responses would be relayed.
  const upstreams = dialectCases(library)
    .filter(({ shows, exchange }) => shows === "text" && !exchange.stream)
    .map((one): DialectCase => (one.type === "openai" ? { ...one, type: "chat-server" } : one));
  const requests = library.list({
    kinds: Object.keys(paths),
    where: ({ request, response }) => isRecord(request?.body) && response.status < 400,
  });
  const schema = openAiSchemaOrNotice(suite);
  let gateway: TranslationGateway;

  beforeAll(async () => {
    gateway = await TranslationGateway.start(upstreams);
  });
  afterAll(async () => {
    await gateway?.[Symbol.asyncDispose]();
  });

  it.each(upstreams)("$type: is asked, or it is said why not", async (upstream) => {
    const failures: unknown[] = [];
    for (const exchange of requests) {
      const { status, body } = await put(exchange, upstream);
      if (status === 200) continue;
      const code = isRecord(body) && isRecord(body["error"]) ? body["error"]["code"] : undefined;
      // Anthropic's errors have no code; that they are the client's to mend, they say by the status.
      const isSaid = exchange.kind === "messages" || refusals.includes(String(code));
      if (status !== 400 || !isSaid) failures.push({ name: exchange.name, status, body });
    }
    expect(failures).toEqual([]);
    expect(gateway.takeWrongRequests()).toEqual([]);
  });

  it.skipIf(schema === undefined)(
    "what is put to a server of chat is what OpenAI takes",
    async () => {
      const upstream = upstreams.find(({ type }) => type === "chat-server");
      const failures: unknown[] = [];
      let count = 0;
      for (const exchange of requests.filter(
        ({ kind }) => kind !== "chat" && kind !== "completions",
      )) {
        gateway.provider.reset();
        if (upstream) await put(exchange, upstream);
        const asked = gateway.provider.requests.at(0)?.json();
        if (asked) count += 1;
        const problems = asked ? schema?.problems("chat-request", asked) : [];
        if (problems?.length) failures.push({ name: exchange.name, problems, asked });
      }
      expect(count).toBeGreaterThan(30);
      expect(failures).toEqual([]);
    },
  );

  async function put({ kind, request }: Exchange, upstream: DialectCase) {
    const recorded = isRecord(request?.body) ? request.body : {};
    const response = await fetch(`${gateway.up.proxyUrl}${paths[kind]}`, {
      method: "POST",
      headers: { authorization: `Bearer ${gateway.apiKey}`, "content-type": "application/json" },
      body: JSON.stringify({ ...recorded, stream: false, model: gateway.modelOf(upstream) }),
    });
    const body: unknown = await response.json();
    return { status: response.status, body };
  }
});
