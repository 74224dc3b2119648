import { type FakeProvider, startFakeProvider } from "../../fake-provider.ts";
import type { Link } from "../../links/index.ts";
import { openAiAnswers } from "../../openai-answers.ts";
import type { ProviderRequest } from "../../provider-request.ts";
import type { Runner } from "../part.ts";

/** Requests kept for a look at them; what is counted is counted for good. */
const keptRequests = 1_000;

/** The marker of a load's call, wherever it is in the body: `lab-call-17`. */
const marker = /lab-call-(\d+)/;

/**
 * A provider in this process, and the ground truth of what reached it: how often each marked call did.
 * It counts on over restarts.
 */
export class LabProvider implements Runner {
  readonly pid = undefined;
  readonly #links: readonly Link[];
  /** Of marked calls, by number. A load is bounded, and so is this. */
  readonly seen = new Map<number, number>();
  #requestCount = 0;
  #provider: FakeProvider | undefined;
  #resumed: PromiseWithResolvers<void> | undefined;

  /** `links` lead to it, and are led to where it listens after each start. */
  constructor(links: readonly Link[]) {
    this.#links = links;
  }

  get running(): boolean {
    return this.#provider !== undefined;
  }

  /** All that arrived in full, marked or not. */
  get requestCount(): number {
    return this.#requestCount;
  }

  /** The fake itself, to script. @throws while it does not run. */
  get fake(): FakeProvider {
    if (!this.#provider) throw new Error("the provider is not running");
    return this.#provider;
  }

  async start(): Promise<void> {
    const answer = openAiAnswers();
    this.#provider = await startFakeProvider({
      behaviour: async (request) => {
        this.#count(request);
        await this.#resumed?.promise;
        return answer(request);
      },
    });
    const { hostname: host, port } = new URL(this.#provider.origin);
    for (const link of this.#links) link.retarget({ host, port: Number(port) });
  }

  stop(): Promise<void> {
    return this.kill();
  }

  async kill(): Promise<void> {
    const provider = this.#provider;
    this.#provider = undefined;
    this.resume();
    await provider?.stop();
  }

  pause(): void {
    this.#resumed ??= Promise.withResolvers();
  }

  resume(): void {
    this.#resumed?.resolve();
    this.#resumed = undefined;
  }

  tail(): string {
    return `${this.#requestCount} requests`;
  }

  #count(request: ProviderRequest): void {
    this.#requestCount += 1;
    const requests = this.#provider?.requests ?? [];
    if (requests.length > keptRequests) requests.splice(0, requests.length - keptRequests);
    const number = Number(marker.exec(request.body.toString("latin1"))?.[1]);
    if (Number.isInteger(number)) this.seen.set(number, (this.seen.get(number) ?? 0) + 1);
  }
}
