import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import { Watchers } from "@headgate/testing";

const head = { "content-type": "text/event-stream" };

/**
 * A provider whose streams stop after their first event until the gate is opened: what a test does
 * meanwhile happens, for certain, while calls are in flight.
 */
export class GatedProvider implements AsyncDisposable {
  readonly #server: Server;
  readonly #waiting = new Set<ServerResponse>();
  readonly #watchers = new Watchers();

  private constructor() {
    this.#server = createServer((request, response) => {
      request.resume();
      response
        .writeHead(200, head)
        .write(event({ delta: { role: "assistant", content: "first" } }));
      this.#waiting.add(response);
      response.once("close", () => {
        this.#waiting.delete(response);
        this.#watchers.changed();
      });
      this.#watchers.changed();
    });
  }

  static async start(): Promise<GatedProvider> {
    const provider = new GatedProvider();
    provider.#server.listen(0, "127.0.0.1");
    await once(provider.#server, "listening");
    return provider;
  }

  get baseUrl(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("it does not listen");
    return `http://127.0.0.1:${address.port}/v1`;
  }

  /** Resolves once exactly `count` streams wait at the gate. */
  async waitForOpen(count: number): Promise<void> {
    const what = () => `${count} streams at the gate; there are ${this.#waiting.size}`;
    await this.#watchers.until(() => this.#waiting.size === count, what);
  }

  /** Lets every stream that waits go on to its end. */
  openGate(): void {
    for (const response of this.#waiting) {
      response.write(event({ delta: { content: " last" } }));
      response.end(`${event({ delta: {}, finish_reason: "stop" })}data: [DONE]\n\n`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

function event(choice: object): string {
  const chunk = { id: "c", object: "chat.completion.chunk", created: 1, model: "gated" };
  const choices = [{ index: 0, finish_reason: null, ...choice }];
  return `data: ${JSON.stringify({ ...chunk, choices })}\n\n`;
}
