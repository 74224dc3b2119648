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
import { fakeServiceAccount, fakeTokenAnswer } from "./service-account.ts";
import { providerFields, type UpstreamType, upstreams } from "./upstreams.ts";

/** A recording, and the type of the provider that plays it. */
export interface Played {
  readonly exchange: Exchange;
  readonly type: UpstreamType;
  /** What the upstream's name of the model begins with, where that decides how it is asked. */
  readonly family?: string;
  /** Where it has to be asked, if not where the type is asked for chat. */
  readonly path?: RegExp;
}

/**
 * `headgate up` with one provider and one model for each recording, in front of a fake provider
 * that knows by the model's name what to play, and has every request checked against its vendor's
 * way of being asked.
 */
export class TranslationGateway implements AsyncDisposable {
  readonly provider: FakeProvider;
  readonly up: RunningUp;
  readonly apiKey = "sk-hg-e2e-translation";
  /** How the answers misbehave at present. */
  manner: Answer = {};
  readonly #wrongRequests: string[] = [];
  readonly #played: readonly Played[];

  private constructor(provider: FakeProvider, up: RunningUp, played: readonly Played[]) {
    this.provider = provider;
    this.up = up;
    this.#played = played;
    provider.setBehaviour((request) => this.#play(request));
  }

  static async start(played: readonly Played[]): Promise<TranslationGateway> {
    const provider = await startFakeProvider();
    try {
      const up = await startUp({ config: configOf(played, provider.origin) });
      return new TranslationGateway(provider, up, played);
    } catch (error) {
      await provider.stop();
      throw error;
    }
  }

  modelOf(played: Played): string {
    return `recorded-${this.#played.indexOf(played)}`;
  }

  /** Requests since the last time that were not as their vendor wants them. */
  takeWrongRequests(): readonly string[] {
    return this.#wrongRequests.splice(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.up[Symbol.asyncDispose]();
    await this.provider.stop();
  }

  #play(request: ProviderRequest): Answer {
    const token = fakeTokenAnswer(request);
    if (token) return token;
    const played = this.#played[indexOf(request)];
    if (played === undefined) throw new Error(`no recording for ${request.path}`);
    this.#check(request, played);
    return exchangeAnswer(played.exchange, this.manner);
  }

  #check(request: ProviderRequest, { type, path = upstreams[type].path }: Played): void {
    const { header, value } = upstreams[type];
    const sent = String(request.headers[header]);
    if (path.test(decodeURIComponent(request.path)) && value.test(sent)) return;
    this.#wrongRequests.push(`${type}: ${request.path} with ${header}: ${sent}`);
  }
}

/** By the number in the model's name, which is in the path or in the body. */
function indexOf(request: ProviderRequest): number {
  const inPath = /upstream-(\d+)/.exec(request.path)?.[1];
  return Number(inPath ?? String(request.json()["model"]).replace(/^.*upstream-/, ""));
}

function configOf(played: readonly Played[], origin: string): string {
  const account = JSON.stringify(fakeServiceAccount(origin));
  const places = { origin, account };
  const providers = played.map(
    ({ type }, index) => `
  - name: provider-${index}
    ${providerFields(type, { ...places, name: `credential-${index}` }).join("\n    ")}`,
  );
  const models = played.map(
    (one, index) => `
  - name: recorded-${index}
    deployments: [{provider: provider-${index}, model: ${upstreamModel(one, index)}}]`,
  );
  const keys = "[{name: e2e, team: e2e, secret: sk-hg-e2e-translation}]";
  // Nothing a recorded request names is ever looked for outside.
  const rest = `teams: [{name: e2e}]\nkeys: ${keys}\npolicy: {fetch: {disabled: true}}\n`;
  return `providers:${providers.join("")}\nmodels:${models.join("")}\n${rest}`;
}

function upstreamModel({ type, family }: Played, index: number): string {
  const prefix = family ?? (type === "vertex-claude" ? "claude-" : "");
  return `${prefix}upstream-${index}`;
}
