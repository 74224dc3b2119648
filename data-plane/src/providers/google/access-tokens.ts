import { type Clock, Fault, isRecord, parseJson } from "@headgate/core";
import type { GoogleCredentials } from "./credentials.ts";
import type { FormAnswer, PostForm } from "./post-form.ts";
import { createTokenForm, type TokenForm } from "./token-request.ts";

export interface AccessTokensOptions {
  readonly clock: Clock;
  readonly post: PostForm;
  /** OAuth scope. */
  readonly scope: string;
}

/**
 * Keeps one access token in date. It is renewed in the background before it ends, by one request
 * at a time; while that fails, the old one serves as long as it is valid.
 */
export class AccessTokens {
  readonly #credentials: GoogleCredentials;
  readonly #options: AccessTokensOptions;
  readonly #form: TokenForm;
  #token: AccessToken | undefined;
  #renewal: Promise<AccessToken> | undefined;
  #failures:
    | { readonly count: number; readonly fault: Fault; readonly untilMs: number }
    | undefined;

  constructor(credentials: GoogleCredentials, options: AccessTokensOptions) {
    this.#credentials = credentials;
    this.#options = options;
    const nowS = () => Math.floor(options.clock.wallTimeMs() / 1000);
    this.#form = createTokenForm(credentials, { scope: options.scope, nowS });
  }

  /** At once while there is a valid one. @throws {Fault} */
  current(): string | Promise<string> {
    const nowMs = this.#options.clock.now();
    const token = this.#token;
    if (token && nowMs < token.expiresMs) {
      // Failures show once the token has ended.
      if (nowMs >= token.renewMs && !this.#rests(nowMs)) this.#renew().catch(() => {});
      return token.text;
    }
    if (!this.#renewal && this.#failures && this.#rests(nowMs)) throw this.#failures.fault;
    return this.#renew().then(({ text }) => text);
  }

  /** Google takes this token no more, whatever it said of its end. */
  discard(text: string): void {
    if (this.#token?.text === text) this.#token = undefined;
  }

  #rests(nowMs: number): boolean {
    return this.#failures !== undefined && nowMs < this.#failures.untilMs;
  }

  #renew(): Promise<AccessToken> {
    this.#renewal ??= this.#fetch().finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #fetch(): Promise<AccessToken> {
    try {
      const answer = await this.#post(await this.#form());
      this.#token = readToken(answer, this.#credentials, this.#options.clock.now());
      this.#failures = undefined;
      return this.#token;
    } catch (reason) {
      const fault = reason instanceof Fault ? reason : unreachable(this.#credentials, reason);
      const count = (this.#failures?.count ?? 0) + 1;
      const pauseMs = Math.min(pauseMaxMs, pauseMinMs * 2 ** Math.min(count - 1, 10));
      this.#failures = { count, fault, untilMs: this.#options.clock.now() + pauseMs };
      throw fault;
    }
  }

  async #post(form: URLSearchParams): Promise<FormAnswer> {
    const { clock, post } = this.#options;
    const timeout = new AbortController();
    const answered = new AbortController();
    void clock.sleep(timeoutMs, answered.signal).then(() => {
      if (!answered.signal.aborted) timeout.abort(new Error(`no answer within ${timeoutMs} ms`));
    });
    try {
      return await post(this.#credentials.tokenUri, form, timeout.signal);
    } finally {
      answered.abort();
    }
  }
}

interface AccessToken {
  readonly text: string;
  /** By the clock's monotonic time. */
  readonly expiresMs: number;
  readonly renewMs: number;
}

const timeoutMs = 10_000;
/** Before its end a token is renewed: long enough to outlast a disturbance at Google's. */
const marginMs = 5 * 60_000;
/** What a token is too short of for clocks and networks to agree on. */
const slackMs = 10_000;
const pauseMinMs = 1_000;
const pauseMaxMs = 60_000;

function readToken(
  { status, body }: FormAnswer,
  credentials: GoogleCredentials,
  nowMs: number,
): AccessToken {
  const value = parseJson(body);
  const answer = isRecord(value) ? value : {};
  const { access_token: text, expires_in: expiresInS } = answer;
  if (status >= 200 && status < 300 && typeof text === "string" && text !== "") {
    const ttlMs = (typeof expiresInS === "number" ? expiresInS : 3600) * 1000;
    const expiresMs = nowMs + Math.max(ttlMs / 2, ttlMs - slackMs);
    return { text, expiresMs, renewMs: nowMs + Math.max(ttlMs / 2, ttlMs - marginMs) };
  }
  throw refusal(status, answer, credentials);
}

/** https://www.rfc-editor.org/rfc/rfc6749#section-5.2 */
function refusal(
  status: number,
  { error, error_description: description }: Readonly<Record<string, unknown>>,
  credentials: GoogleCredentials,
): Fault {
  if (status < 400 || status === 408 || status === 429 || status >= 500) {
    return unreachable(credentials, new Error(`status ${status}`));
  }
  const said = [error, description].filter((each) => typeof each === "string").join(": ");
  const why = said.slice(0, 300) || `status ${status}`;
  return new Fault(
    "upstream_credentials_rejected",
    `Google gave no access token for ${whose(credentials)}: ${why}.`,
  );
}

function unreachable(credentials: GoogleCredentials, reason: unknown): Fault {
  const { host } = new URL(credentials.tokenUri);
  const why = reason instanceof Error ? reason.message : String(reason);
  return new Fault(
    "upstream_unavailable",
    `No access token for ${whose(credentials)} could be had from ${host}: ${why}.`,
    { cause: reason },
  );
}

function whose(credentials: GoogleCredentials): string {
  return credentials.type === "service_account"
    ? `the service account ${credentials.clientEmail}`
    : "the authorized user";
}
