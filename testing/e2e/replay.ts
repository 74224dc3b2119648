import {
  type Answer,
  type Exchange,
  exchangeAnswer,
  type FakeProvider,
  type ProviderRequest,
  type RunningUp,
  startFakeProvider,
  startUp,
} from "@headgate/testing";
import { requestBodyOf, routeOf } from "./recorded-calls.ts";

const key = "sk-hg-e2e-recordings";

/** What a client got for a recorded exchange sent through Headgate. */
export interface Replayed {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/**
 * `headgate up` with one model for each exchange, in front of a fake provider that knows by the
 * model's name which recording to play. An exchange has a provider entry of its own, since a
 * recorded 401 or 429 rests the credential it came through.
 */
export class Replay implements AsyncDisposable {
  readonly provider: FakeProvider;
  readonly up: RunningUp;
  readonly #exchanges: readonly Exchange[];
  /** How the answers misbehave at present. */
  #manner: Answer = {};

  private constructor(provider: FakeProvider, up: RunningUp, exchanges: readonly Exchange[]) {
    this.provider = provider;
    this.up = up;
    this.#exchanges = exchanges;
    provider.setBehaviour((request) => this.#play(request));
  }

  static async start(exchanges: readonly Exchange[]): Promise<Replay> {
    const provider = await startFakeProvider();
    try {
      const up = await startUp({ config: replayConfig(provider.baseUrl, exchanges.length) });
      return new Replay(provider, up, exchanges);
    } catch (error) {
      await provider.stop();
      throw error;
    }
  }

  /** Plays `exchange` as the client sees it; `manner` says how the provider sends it. */
  async call(exchange: Exchange, manner: Answer = {}): Promise<Replayed> {
    this.#manner = manner;
    const response = await fetch(`${this.up.proxyUrl}/v1${routeOf(exchange)}`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify(requestBodyOf(exchange, this.modelOf(exchange))),
    });
    const body = Buffer.from(await response.arrayBuffer());
    return { status: response.status, headers: response.headers, body };
  }

  modelOf(exchange: Exchange): string {
    return `recorded-${this.#exchanges.indexOf(exchange)}`;
  }

  /** The one log line of the call with this answer. */
  async callLog({ headers }: Replayed): Promise<Readonly<Record<string, unknown>>> {
    const id = headers.get("x-request-id");
    return await this.up.process.logs.waitFor(
      (line) => line["msg"] === "call" && line["request_id"] === id,
      `the log line of call ${id}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.up[Symbol.asyncDispose]();
    await this.provider.stop();
  }

  #play(request: ProviderRequest): Answer {
    const index = Number(String(request.json()["model"]).replace("upstream-", ""));
    const exchange = this.#exchanges[index];
    if (exchange === undefined) throw new Error(`no recording for ${request.body.toString()}`);
    return exchangeAnswer(exchange, this.#manner);
  }
}

function replayConfig(baseUrl: string, count: number): string {
  const indexes = Array.from({ length: count }, (_, index) => index);
  const providers = indexes.map(
    (index) => `
  - name: provider-${index}
    type: openai-compatible
    base_url: ${baseUrl}
    credentials: [{name: credential-${index}, api_key: sk-upstream-${index}}]`,
  );
  const models = indexes.map(
    (index) => `
  - name: recorded-${index}
    deployments: [{provider: provider-${index}, model: upstream-${index}}]`,
  );
  const keys = `[{name: replay, team: e2e, secret: ${key}}]`;
  return `providers:${providers.join("")}\nmodels:${models.join("")}\nteams: [{name: e2e}]\nkeys: ${keys}\n`;
}
