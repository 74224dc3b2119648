import {
  type FakeProvider,
  type OpenAiAnswersOptions,
  openAiAnswers,
  type RunningUp,
  startFakeProvider,
  startUp,
} from "@headgate/testing";

/** `headgate up` in front of one fake provider, with all that a client needs to know. */
export interface Gateway extends AsyncDisposable {
  readonly provider: FakeProvider;
  readonly up: RunningUp;
  /** With `/v1`, as clients take it. */
  readonly baseUrl: string;
  readonly apiKey: string;
}

const gatewayKey = "sk-hg-e2e-client";
/** The provider's secret: no client may ever see it. */
const upstreamKey = "sk-upstream-e2e-secret";
export const chatModel = "gpt-e2e";
/** An id with a slash, as many providers have them. */
export const slashedModel = "acme/chat-large";
export const embeddingModel = "embed-e2e";

export async function startGateway(answers: OpenAiAnswersOptions = {}): Promise<Gateway> {
  const provider = await startFakeProvider({ behaviour: openAiAnswers(answers) });
  try {
    const up = await startUp({ config: gatewayConfig(provider.baseUrl) });
    return {
      provider,
      up,
      baseUrl: `${up.proxyUrl}/v1`,
      apiKey: gatewayKey,
      [Symbol.asyncDispose]: async () => {
        await up[Symbol.asyncDispose]();
        await provider.stop();
      },
    };
  } catch (error) {
    await provider.stop();
    throw error;
  }
}

function gatewayConfig(baseUrl: string): string {
  const models = [chatModel, slashedModel, embeddingModel];
  const entries = models.map(
    (name) => `  - {name: "${name}", deployments: [{provider: fake, model: "upstream-${name}"}]}`,
  );
  return `
providers:
  - name: fake
    type: openai-compatible
    base_url: ${baseUrl}
    credentials: [{name: fake-a, api_key: ${upstreamKey}}]
models:
${entries.join("\n")}
teams: [{name: e2e}]
keys: [{name: e2e, team: e2e, secret: ${gatewayKey}}]
`;
}
