import { createContextValues } from "@connectrpc/connect";
import { ManualClock } from "@headgate/core";
import { admin } from "@headgate/proto";
import { describe, expect, it } from "vitest";
import { endStreamsWithPrincipal } from "./end-with-principal.ts";
import { type Principal, principalKey } from "./principal.ts";

const startMs = 1_750_000_000_000;
const dayMs = 24 * 60 * 60_000;

describe("endStreamsWithPrincipal()", () => {
  it("ends a silent stream when its caller's token expires, however late that is", async () => {
    const { clock, read } = await open({ expireTimeMs: startMs + 40 * dayMs });
    const next = read();
    let isOver = false;
    next
      .catch(() => undefined)
      .finally(() => {
        isOver = true;
      });
    await clock.advance(40 * dayMs - 1);
    expect(isOver).toBe(false);
    await clock.advance(1);
    await expect(next).rejects.toThrow("[unauthenticated] the token has expired");
  });

  it("ends it when the token is withdrawn, and gives nothing that comes later", async () => {
    const withdraw = new AbortController();
    const { read, send, source } = await open({ withdrawn: withdraw.signal });
    send("one");
    expect(await read()).toMatchObject({ value: "one" });
    withdraw.abort();
    // The end has been heard of before the next is asked for.
    await new Promise(setImmediate);
    send("two");
    await expect(read()).rejects.toThrow("[unauthenticated] the token was deleted");
    expect(source.returned).toBe(true);
  });

  it("leaves streams alone that end by themselves, or fail, or are left", async () => {
    const ending = await open({ expireTimeMs: startMs + dayMs });
    ending.end();
    expect(await ending.read()).toMatchObject({ done: true });

    const failing = await open({});
    failing.fail(new Error("a defect"));
    await expect(failing.read()).rejects.toThrow("a defect");

    const left = await open({});
    left.send("one");
    await left.read();
    await left.leave();
    expect(left.source.returned).toBe(true);
  });

  it("leaves calls without a principal alone: they are in-process", async () => {
    const { message, given } = await open(undefined);
    expect(message).toBe(given);
  });
});

/** A stream of AdminService behind the interceptor, and what feeds it. */
async function open(principal: Partial<Principal> | undefined) {
  const clock = new ManualClock(startMs);
  const source = new Feed();
  const values = createContextValues();
  if (principal) values.set(principalKey, { actor: "a", role: admin.Role.VIEWER, ...principal });
  const respond = async () => ({ stream: true, message: source });
  const call = endStreamsWithPrincipal(clock)(respond as never);
  const response = await call({ contextValues: values } as never); // What interceptors look at.
  const message = response.message as AsyncIterable<string>;
  const iterator = message[Symbol.asyncIterator]();
  return {
    clock,
    source,
    message,
    given: source,
    read: () => iterator.next(),
    leave: async () => await iterator.return?.(),
    send: (value: string) => source.give({ done: false, value }),
    end: () => source.give({ done: true, value: undefined }),
    fail: (error: Error) => source.fail(error),
  };
}

class Feed implements AsyncIterable<string>, AsyncIterator<string> {
  #next = Promise.withResolvers<IteratorResult<string>>();
  returned = false;

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<string>> {
    const result = await this.#next.promise;
    this.#next = Promise.withResolvers();
    return result;
  }

  async return(): Promise<IteratorResult<string>> {
    this.returned = true;
    return { done: true, value: undefined };
  }

  give(result: IteratorResult<string>): void {
    this.#next.resolve(result);
  }

  fail(error: Error): void {
    this.#next.promise.catch(() => undefined);
    this.#next.reject(error);
  }
}
