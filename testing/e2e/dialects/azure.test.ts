import { describeExchanges } from "@headgate/testing/describe-exchanges";
import { readOpenAi } from "@headgate/testing/vendor-readings";
import OpenAI, { AzureOpenAI } from "openai";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { alignedTo } from "../differential/compare-readings.ts";
import { TranslationGateway } from "../differential/translation-gateway.ts";
import { type DialectCase, dialectCases } from "./dialect-case.ts";
import { refusals } from "./vendor-errors.ts";

describeExchanges("Azure's client in front of every vendor", (library) => {
  const cases = dialectCases(library);
  let gateway: TranslationGateway;

  beforeAll(async () => {
    gateway = await TranslationGateway.start(cases);
  });
  afterAll(async () => {
    await gateway?.[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    gateway.provider.reset();
    gateway.manner = {};
  });

  /** Puts the deployment into the path, and the key into `api-key`. */
  function azureClient(): AzureOpenAI {
    const { apiKey, up } = gateway;
    const apiVersion = "2024-10-21";
    return new AzureOpenAI({ endpoint: up.proxyUrl, apiKey, apiVersion, maxRetries: 0 });
  }

  /** Azure's newer routes, which the plain client speaks. */
  function v1Client(): OpenAI {
    const { apiKey, up } = gateway;
    return new OpenAI({ baseURL: `${up.proxyUrl}/openai/v1`, apiKey, maxRetries: 0 });
  }

  describe.each([
    { paths: "/openai/deployments", client: azureClient },
    { paths: "/openai/v1", client: v1Client },
  ])("at $paths", ({ client }) => {
    it.each(cases)("$name: the answer says what the vendor said", async (played) => {
      const reading = await readOpenAi(client(), callFor(played));
      expect(reading).toEqual(alignedTo(reading, played.reading));
      expect(gateway.takeWrongRequests()).toEqual([]);
    });

    describe.each(cases.filter(({ shows, exchange }) => shows === "text" && !exchange.stream))(
      "with $type behind it",
      (played) => {
        it.each(refusals)("$name: raises $openai.error", async ({ answer, openai }) => {
          gateway.provider.script(answer(played.type));
          const { model } = callFor(played);
          const messages = [{ role: "user" as const, content: "Hello" }];
          const call = client().chat.completions.create({ model, messages });
          const raised = await call.catch((error: unknown) => error);
          expect(raised).toBeInstanceOf(OpenAI[openai.error]);
          expect(raised).toMatchObject({ status: openai.status });
        });
      },
    );
  });

  it("an unknown deployment is not found", async () => {
    const messages = [{ role: "user" as const, content: "Hello" }];
    const call = azureClient().chat.completions.create({ model: "nobody", messages });
    await expect(call).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });

  function callFor(played: DialectCase) {
    const calls = played.reading.choices.flatMap(({ toolCalls }) => toolCalls);
    const tools = [...new Set(calls.map(({ name }) => name))].map((name) => ({
      type: "function" as const,
      function: { name, parameters: { type: "object", properties: {} } },
    }));
    const { stream } = played.exchange;
    return { model: gateway.modelOf(played), stream, kind: "chat", tools };
  }
});
