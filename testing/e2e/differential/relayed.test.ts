import {
  type Answer,
  type Exchange,
  exchangeAnswer,
  exchangeBytes,
  startFakeProvider,
} from "@headgate/testing";
import { describeExchanges } from "@headgate/testing/describe-exchanges";
import {
  type Reading,
  readOpenAi,
  readRaw,
  readResponses,
  servable,
  vendorOf,
} from "@headgate/testing/vendor-readings";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, it } from "vitest";
import { explained } from "./explained-differences.ts";
import { type Played, TranslationGateway } from "./translation-gateway.ts";
import type { UpstreamType } from "./upstreams.ts";

describeExchanges("recorded answers in OpenAI's own dialects, through headgate", (library) => {
  const cases = library
    .list({ kinds: ["chat", "completions", "responses"], where: isOpenAi })
    .map(servable)
    .map((exchange): Case => ({ name: exchange.name, exchange, type: typeOf(exchange) }));
  let gateway: TranslationGateway;

  beforeAll(async () => {
    gateway = await TranslationGateway.start(cases);
  });
  afterAll(async () => {
    await gateway?.[Symbol.asyncDispose]();
  });

  it.each(cases)("$name: the client reads what it reads without us", async (played) => {
    expect(await ask(played)).toEqual(await expected(played.exchange));
    expect(gateway.takeWrongRequests()).toEqual([]);
  });

  it.each(cases.filter(({ exchange }) => exchange.stream))(
    "$name: and in pieces of 7 bytes",
    async (played) => {
      expect(await ask(played, { splitEvery: 7 })).toEqual(await expected(played.exchange));
    },
  );

  async function ask(played: Case, manner: Answer = {}): Promise<Reading> {
    gateway.manner = manner;
    const { apiKey, up } = gateway;
    const client = new OpenAI({ baseURL: `${up.proxyUrl}/v1`, apiKey, maxRetries: 0 });
    const { kind, stream } = played.exchange;
    const call = { model: gateway.modelOf(played), stream };
    if (kind === "responses") return await readResponses(client, call);
    return await readOpenAi(client, { ...call, kind });
  }
});

interface Case extends Played {
  readonly name: string;
}

function isOpenAi(exchange: Exchange): boolean {
  return exchange.kind === "responses" || vendorOf(exchange)?.name === "openai";
}

function typeOf({ provider }: Exchange): UpstreamType {
  return provider === "azure" || provider === "openai" ? provider : "openai-compatible";
}

async function expected(exchange: Exchange): Promise<Reading> {
  const reading = exchange.kind === "responses" ? await readDirectly(exchange) : readRaw(exchange);
  const other = explained(exchange, reading);
  if (other !== reading) return other;
  if (reading.kind === "incomplete") {
    // What the provider itself ended as whole is whole for us.
    return isDone(exchange) ? reading : { kind: "error", status: 502 };
  }
  if (reading.kind !== "error") return reading;
  // Our credential's fault is not the client's.
  const isCredential = reading.status === 401 || reading.status === 403;
  return isCredential ? { ...reading, status: 502 } : reading;
}

function isDone(exchange: Exchange): boolean {
  return /^data: \[DONE\]/m.test(exchangeBytes(exchange).toString());
}

async function readDirectly(exchange: Exchange): Promise<Reading> {
  await using provider = await startFakeProvider({ behaviour: exchangeAnswer(exchange) });
  const client = new OpenAI({ baseURL: provider.baseUrl, apiKey: "k", maxRetries: 0 });
  return await readResponses(client, { model: "m", stream: exchange.stream });
}
