import { isRecord } from "@headgate/core";
import { type Exchange, exchangeBytes } from "@headgate/testing";
import { describeExchanges } from "@headgate/testing/describe-exchanges";
import { openAiSchemaOrNotice } from "@headgate/testing/openai-schema";
import { afterAll, beforeAll, expect, it } from "vitest";
import { JudgedClient } from "./judged-client.ts";
import { type Played, TranslationGateway } from "./translation-gateway.ts";

const suite = "recorded embeddings of all vendors, asked for in OpenAI's dialect";

describeExchanges(suite, (library) => {
  const kinds = ["batchEmbedContents", "embedContent", "invoke", "embeddings"];
  const cases = library
    .list({ kinds })
    .flatMap((exchange) => playedAs(exchange) ?? [])
    .map((played) => ({ ...played, name: played.exchange.name, vectors: vectorsOf(played) }));
  const schema = openAiSchemaOrNotice(suite);
  let gateway: TranslationGateway;

  beforeAll(async () => {
    gateway = await TranslationGateway.start(cases);
  });
  afterAll(async () => {
    await gateway?.[Symbol.asyncDispose]();
  });

  it.each(cases)("$name: the client gets the vendor's vectors", async (played) => {
    const { client, problems } = ask();
    const { exchange, vectors } = played;
    const input = vectors.length > 0 ? vectors.map((_, index) => `text ${index}`) : "text";
    const call = client.embeddings.create({ model: gateway.modelOf(played), input });
    const { status } = exchange.response;
    if (status >= 400) {
      await expect(call).rejects.toMatchObject({ status });
    } else {
      const answer = await call;
      expect(answer.data.map(({ embedding }) => embedding.map(Math.fround))).toEqual(vectors);
      const counted = inputTokens(exchange);
      if (counted !== undefined) expect(answer.usage.prompt_tokens).toBe(counted);
    }
    expect(problems()).toEqual([]);
    expect(gateway.takeWrongRequests()).toEqual([]);
  });

  function ask() {
    const { apiKey, up } = gateway;
    const judged = new JudgedClient({ baseURL: `${up.proxyUrl}/v1`, apiKey });
    const shapes = { whole: "embeddings", piece: "embeddings" } as const;
    return { client: judged.client, problems: () => judged.problems(schema, shapes) };
  }
});

/** How a recording is played; undefined for one of a vendor that Headgate does not speak to. */
function playedAs(exchange: Exchange): Played | undefined {
  const { provider, kind } = exchange;
  switch (kind) {
    case "batchEmbedContents":
      return { exchange, type: "gemini", path: /models\/upstream-\d+:batchEmbedContents$/ };
    case "embedContent":
      return {
        exchange,
        type: "vertex",
        family: "gemini-embedding-2-",
        path: /publishers\/google\/models\/gemini-embedding-2-upstream-\d+:embedContent$/,
      };
    case "invoke": {
      const embeds = Array.isArray(bodyOf(exchange)["embedding"]);
      const path = /^\/model\/amazon\.titan-embed-text-v2:0-upstream-\d+\/invoke$/;
      const family = "amazon.titan-embed-text-v2:0-";
      return embeds ? { exchange, type: "bedrock", family, path } : undefined;
    }
    case "embeddings":
      if (provider === "vertex") {
        return { exchange, type: "vertex", path: /models\/upstream-\d+:predict$/ };
      }
      return undefined;
    default:
      return undefined;
  }
}

/** As 32-bit floats, which is what travels to the client. */
function vectorsOf({ exchange }: Played): readonly (readonly number[])[] {
  const { embedding, embeddings, predictions } = bodyOf(exchange);
  if (Array.isArray(embedding)) return [rounded(embedding)];
  if (isRecord(embedding)) return [rounded(embedding["values"])];
  const list = Array.isArray(embeddings) ? embeddings : predictions;
  return (Array.isArray(list) ? list : []).map((each) =>
    rounded(each.values ?? each.embeddings.values),
  );
}

function rounded(values: unknown): readonly number[] {
  return Array.isArray(values) ? values.map((value) => Math.fround(Number(value))) : [];
}

function inputTokens(exchange: Exchange): number | undefined {
  const { usageMetadata, inputTextTokenCount, predictions } = bodyOf(exchange);
  if (isRecord(usageMetadata)) return Number(usageMetadata["promptTokenCount"]);
  if (Array.isArray(predictions)) {
    return predictions.reduce((sum, each) => sum + each.embeddings.statistics.token_count, 0);
  }
  return typeof inputTextTokenCount === "number" ? inputTextTokenCount : undefined;
}

function bodyOf(exchange: Exchange): Readonly<Record<string, unknown>> {
  const body: unknown = JSON.parse(exchangeBytes(exchange).toString());
  return isRecord(body) ? body : {};
}
