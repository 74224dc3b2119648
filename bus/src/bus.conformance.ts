import { describe, expect, it, vi } from "vitest";
import {
  type Bus,
  BusClosedError,
  BusTimeoutError,
  busLimits,
  type ConsumeOptions,
  type DurableMessage,
  type DurableStream,
  NoRespondersError,
  type ReadOptions,
} from "./bus.ts";

export interface BusUnderTest {
  /** Nobody is subscribed, no stream exists. */
  readonly bus: Bus;
  /** What the bus told of handlers that threw, so far. */
  readonly errors: readonly unknown[];
  /** Let time pass for the bus. Real time may pass more than that, on a busy machine. */
  advance(ms: number): Promise<void>;
  /** Milliseconds as `advance` moves them. */
  now(): number;
  dispose(): Promise<void>;
}

/**
 * What every Bus does. Deliveries may take their time; that something does not come is shown by a
 * later message that does, since messages of one publisher stay in order.
 */
export function busConformance(name: string, makeBus: () => Promise<BusUnderTest>): void {
  const using = (body: (made: BusUnderTest) => Promise<void>) => async () => {
    const made = await makeBus();
    try {
      await body(made);
    } finally {
      await made.dispose();
    }
  };

  describe(`${name}: publish and subscribe`, () => {
    it(
      "delivers to every subscriber, in order",
      using(async ({ bus }) => {
        const [one, other] = [receiving(bus, "a.b"), receiving(bus, "a.b")];
        for (let count = 0; count < 100; count++) bus.publish("a.b", bytes(`${count}`));
        const expected = Array.from({ length: 100 }, (_, count) => `a.b=${count}`);
        await reached(() => expect([one.got, other.got]).toEqual([expected, expected]));
      }),
    );

    it(
      "delivers by pattern",
      using(async ({ bus }) => {
        const exact = receiving(bus, "a.b");
        const star = receiving(bus, "a.*");
        const rest = receiving(bus, "a.>");
        const all = receiving(bus, ">");
        const subjects = ["a", "a.b", "a.c", "a.b.c", "b.a", "a.b"];
        for (const subject of subjects) bus.publish(subject, bytes("1"));
        await reached(() => expect(all.subjects()).toEqual(subjects));
        await reached(() => expect(exact.subjects()).toEqual(["a.b", "a.b"]));
        await reached(() => expect(star.subjects()).toEqual(["a.b", "a.c", "a.b"]));
        await reached(() => expect(rest.subjects()).toEqual(["a.b", "a.c", "a.b.c", "a.b"]));
      }),
    );

    it(
      "never calls a handler within publish(), and keeps what was sent",
      using(async ({ bus }) => {
        const { got } = receiving(bus, "a");
        // Of a Buffer, slice() is no copy.
        const sent = [bytes("1"), Buffer.from("2")];
        for (const data of sent) bus.publish("a", data);
        expect(got).toEqual([]);
        for (const data of sent) data.fill(0);
        await reached(() => expect(got).toEqual(["a=1", "a=2"]));
      }),
    );

    it(
      "gives a group each message once, and leaves no member idle",
      using(async ({ bus }) => {
        const members = [1, 2, 3].map(() => receiving(bus, "a", { group: "g" }));
        const elsewhere = receiving(bus, "a", { group: "other" });
        const alone = receiving(bus, "a");
        for (let count = 0; count < 90; count++) bus.publish("a", bytes(`${count}`));
        await reached(() => {
          const counts = members.map(({ got }) => got.length);
          expect(counts.reduce((sum, count) => sum + count)).toBe(90);
          expect(Math.min(...counts)).toBeGreaterThan(0);
          expect([elsewhere.got.length, alone.got.length]).toEqual([90, 90]);
        });
        expect(new Set(members.flatMap(({ got }) => got)).size).toBe(90);
      }),
    );

    it(
      "calls a handler one message at a time",
      using(async ({ bus }) => {
        let running = 0;
        let most = 0;
        let handled = 0;
        bus.subscribe("a", async () => {
          running += 1;
          most = Math.max(most, running);
          await new Promise((resolve) => setImmediate(resolve));
          running -= 1;
          handled += 1;
        });
        for (let count = 0; count < 20; count++) bus.publish("a", bytes("1"));
        await reached(() => expect(handled).toBe(20));
        expect(most).toBe(1);
      }),
    );

    it(
      "drops the oldest for a slow handler, and counts them",
      using(async ({ bus }) => {
        const gate = Promise.withResolvers<void>();
        const got: string[] = [];
        const slow = bus.subscribe(
          "a",
          async ({ data }) => {
            got.push(text(data));
            await gate.promise;
          },
          { pendingMax: 3 },
        );
        const other = receiving(bus, "a");
        bus.publish("a", bytes("first"));
        await reached(() => expect(got).toEqual(["first"]));
        for (let count = 0; count < 10; count++) bus.publish("a", bytes(`${count}`));
        await reached(() => expect(other.got).toHaveLength(11));
        await reached(() => expect(slow.dropped).toBe(7));
        gate.resolve();
        await reached(() => expect(got).toEqual(["first", "7", "8", "9"]));
      }),
    );

    it(
      "loses only the message whose handler threw, and tells of it",
      using(async ({ bus, errors }) => {
        const got: string[] = [];
        bus.subscribe("a", async ({ data }) => {
          if (text(data) === "2") throw new Error("no two");
          got.push(text(data));
        });
        for (const value of ["1", "2", "3"]) bus.publish("a", bytes(value));
        await reached(() => expect(got).toEqual(["1", "3"]));
        expect(errors).toEqual([new Error("no two")]);
      }),
    );

    it(
      "delivers nothing more once disposed of",
      using(async ({ bus }) => {
        const { got, subscription } = receiving(bus, "a");
        const other = receiving(bus, "a");
        bus.publish("a", bytes("1"));
        await reached(() => expect(got).toEqual(["a=1"]));
        await subscription[Symbol.asyncDispose]();
        await subscription[Symbol.asyncDispose]();
        bus.publish("a", bytes("2"));
        await reached(() => expect(other.got).toHaveLength(2));
        expect(got).toEqual(["a=1"]);
      }),
    );

    it(
      "waits for a running handler when disposed of",
      using(async ({ bus }) => {
        const gate = Promise.withResolvers<void>();
        const log: string[] = [];
        const subscription = bus.subscribe("a", async () => {
          log.push("begin");
          await gate.promise;
          log.push("end");
        });
        bus.publish("a", bytes("1"));
        await reached(() => expect(log).toEqual(["begin"]));
        const disposed = subscription[Symbol.asyncDispose]().then(() => log.push("disposed"));
        gate.resolve();
        await disposed;
        expect(log).toEqual(["begin", "end", "disposed"]);
      }),
    );

    it.each([
      { name: "a subject with a wildcard", act: (bus: Bus) => bus.publish("a.*", bytes("1")) },
      { name: "an empty token", act: (bus: Bus) => bus.publish("a..b", bytes("1")) },
      { name: "a large message", act: (bus: Bus) => bus.publish("a", tooLarge) },
      { name: "> in the middle", act: (bus: Bus) => bus.subscribe("a.>.b", () => {}) },
      {
        name: "a queue of none",
        act: (bus: Bus) => bus.subscribe("a", () => {}, { pendingMax: 0 }),
      },
    ])("refuses $name", async ({ act }) => {
      await using(async ({ bus }) => expect(() => act(bus)).toThrow(RangeError))();
    });
  });

  describe(`${name}: request and reply`, () => {
    it(
      "answers each request with its own answer",
      using(async ({ bus }) => {
        bus.subscribe("double", ({ data, respond }) =>
          respond?.(bytes(String(2 * Number(text(data))))),
        );
        const ask = (count: number) =>
          bus.request("double", bytes(`${count}`), { timeoutMs: 5000 });
        const answers = await Promise.all([1, 2, 3, 4].map(ask));
        expect(answers.map(text)).toEqual(["2", "4", "6", "8"]);
      }),
    );

    it(
      "takes the first answer of several",
      using(async ({ bus }) => {
        const gate = Promise.withResolvers<void>();
        bus.subscribe("a", async ({ respond }) => {
          await gate.promise;
          respond?.(bytes("slow"));
        });
        bus.subscribe("a", ({ respond }) => respond?.(bytes("fast")));
        expect(text(await bus.request("a", bytes("?"), { timeoutMs: 5000 }))).toBe("fast");
        gate.resolve();
      }),
    );

    it(
      "asks one member of a group",
      using(async ({ bus }) => {
        const asked: number[] = [];
        for (const member of [1, 2]) {
          const answer = async (respond?: (data: Uint8Array) => void): Promise<void> => {
            asked.push(member);
            respond?.(bytes("ok"));
          };
          bus.subscribe("a", ({ respond }) => answer(respond), { group: "g" });
        }
        for (let count = 0; count < 10; count++) {
          await bus.request("a", bytes("?"), { timeoutMs: 5000 });
        }
        expect(asked).toHaveLength(10);
      }),
    );

    it(
      "fails at once when nobody is there to answer",
      using(async ({ bus }) => {
        const request = (): Promise<Uint8Array> =>
          bus.request("a", bytes("?"), { timeoutMs: 60_000 });
        await expect(request()).rejects.toThrow(NoRespondersError);
        const { subscription } = receiving(bus, "a");
        await subscription[Symbol.asyncDispose]();
        await expect(request()).rejects.toThrow(NoRespondersError);
      }),
    );

    it(
      "fails when no answer comes in time, and ignores a late one",
      using(async ({ bus, advance }) => {
        const asked: ((data: Uint8Array) => void)[] = [];
        bus.subscribe("a", ({ respond }) => {
          if (respond) asked.push(respond);
        });
        const failure = expect(bus.request("a", bytes("?"), { timeoutMs: 200 })).rejects.toThrow(
          BusTimeoutError,
        );
        await reached(() => expect(asked).toHaveLength(1));
        await advance(300);
        await failure;
        asked[0]?.(bytes("late"));
      }),
    );

    it(
      "gives no way to respond to what was published",
      using(async ({ bus }) => {
        const responds: unknown[] = [];
        bus.subscribe("a", ({ respond }) => {
          responds.push(respond);
        });
        bus.publish("a", bytes("1"));
        await reached(() => expect(responds).toEqual([undefined]));
      }),
    );
  });

  describe(`${name}: durable streams`, () => {
    it(
      "keeps messages for consumers that come later, each from the first",
      using(async ({ bus }) => {
        const stream = await bus.stream(usage);
        const kept = [];
        for (const count of [1, 2, 3])
          kept.push(await stream.append("usage.eu", bytes(`${count}`)));
        expect(kept).toEqual([1, 2, 3].map((sequence) => ({ sequence, duplicate: false })));
        const [one, other] = [await consuming(stream, "one"), await consuming(stream, "other")];
        await stream.append("usage.us", bytes("4"));
        const told = ["1 usage.eu=1", "2 usage.eu=2", "3 usage.eu=3", "4 usage.us=4"];
        await reached(() => expect([one.got, other.got]).toEqual([told, told]));
        expect(one.messages.map(({ deliveries }) => deliveries)).toEqual([1, 1, 1, 1]);
      }),
    );

    it(
      "goes on where a consumer was, and is the same stream when opened again",
      using(async ({ bus }) => {
        const stream = await bus.stream(usage);
        const before = await consuming(stream, "ledger");
        await stream.append("usage.eu", bytes("1"));
        await reached(() => expect(before.got).toEqual(["1 usage.eu=1"]));
        await before.subscription[Symbol.asyncDispose]();
        await stream.append("usage.eu", bytes("2"));
        const again = await bus.stream(usage);
        const after = await consuming(again, "ledger");
        await again.append("usage.eu", bytes("3"));
        await reached(() => expect(after.got).toEqual(["2 usage.eu=2", "3 usage.eu=3"]));
        expect(before.got).toHaveLength(1);
      }),
    );

    it(
      "shares the messages of one consumer among its subscriptions",
      using(async ({ bus }) => {
        const stream = await bus.stream(usage);
        const members = [await consuming(stream, "ledger"), await consuming(stream, "ledger")];
        for (let count = 0; count < 50; count++) await stream.append("usage.eu", bytes(`${count}`));
        await reached(() => expect(members.flatMap(({ got }) => got)).toHaveLength(50));
        expect(new Set(members.flatMap(({ got }) => got)).size).toBe(50);
      }),
    );

    it(
      "gives a consumer with a filter only that",
      using(async ({ bus }) => {
        const stream = await bus.stream(usage);
        const eu = await consuming(stream, "eu", { filter: "usage.eu.*" });
        for (const subject of ["usage.eu.a", "usage.us.a", "usage.eu.b", "usage.eu"]) {
          await stream.append(subject, bytes("1"));
        }
        await stream.append("usage.eu.c", bytes("1"));
        const told = ["1 usage.eu.a=1", "3 usage.eu.b=1", "5 usage.eu.c=1"];
        await reached(() => expect(eu.got).toEqual(told));
      }),
    );

    it(
      "brings what is not acknowledged in time again, until it is",
      using(async ({ bus, advance }) => {
        const stream = await bus.stream(usage);
        const options = { ackWaitMs: 300 };
        const consumer = await consuming(stream, "ledger", options, (message) => {
          if (message.sequence === 1 && message.deliveries < 3) return;
          message.ack();
          message.ack();
        });
        await stream.append("usage.eu", bytes("1"));
        for (const deliveries of [1, 2, 3]) {
          await reached(() => expect(consumer.messages.at(-1)).toMatchObject({ deliveries }));
          if (deliveries < 3) await advance(300);
        }
        await advance(900);
        await stream.append("usage.eu", bytes("2"));
        await reached(() => expect(consumer.got.at(-1)).toBe("2 usage.eu=2"));
        expect(consumer.messages.map(({ sequence }) => sequence)).toEqual([1, 1, 1, 2]);
      }),
    );

    it(
      "brings what a lost subscription had not acknowledged to another",
      using(async ({ bus, advance }) => {
        const stream = await bus.stream(usage);
        const options = { ackWaitMs: 300 };
        const lost = await consuming(stream, "ledger", options, () => {});
        await stream.append("usage.eu", bytes("1"));
        await reached(() => expect(lost.got).toHaveLength(1));
        await lost.subscription[Symbol.asyncDispose]();
        const heir = await consuming(stream, "ledger", options);
        await advance(300);
        await reached(() => expect(heir.got).toEqual(["1 usage.eu=1"]));
        expect(heir.messages[0]?.deliveries).toBe(2);
      }),
    );

    it(
      "brings again what is refused: at once, or after a while",
      using(async ({ bus, advance }) => {
        const stream = await bus.stream(usage);
        const consumer = await consuming(stream, "ledger", {}, (message) => {
          if (message.deliveries === 1) message.nak();
          if (message.deliveries === 2) message.nak(500);
          if (message.deliveries === 3) message.ack();
        });
        await stream.append("usage.eu", bytes("1"));
        await reached(() => expect(consumer.messages).toHaveLength(2));
        await stream.append("usage.eu", bytes("2"));
        await reached(() => expect(consumer.messages).toHaveLength(4));
        expect(consumer.messages.map(({ sequence }) => sequence)).toEqual([1, 1, 2, 2]);
        await advance(500);
        await reached(() => expect(consumer.messages).toHaveLength(6));
        expect(consumer.messages.slice(4).map(({ deliveries }) => deliveries)).toEqual([3, 3]);
      }),
    );

    it(
      "starts the wait for an acknowledgement anew with each delivery",
      using(async ({ bus, advance, now }) => {
        const stream = await bus.stream(usage);
        const deliveredMs: number[] = [];
        const note = (message: DurableMessage): void => {
          deliveredMs.push(now());
          if (message.deliveries > 2) message.ack();
        };
        const { messages } = await consuming(stream, "ledger", { ackWaitMs: 600 }, note);
        await stream.append("usage.eu", bytes("1"));
        await reached(() => expect(messages).toHaveLength(1));
        await advance(400);
        messages[0]?.nak();
        await reached(() => expect(messages).toHaveLength(2));
        await advance(600);
        await reached(() => expect(messages).toHaveLength(3));
        const [, second = 0, third = 0] = deliveredMs;
        // Without the new start it comes after 200. A message may be longer on its way than the next.
        expect(third - second).toBeGreaterThan(550);
      }),
    );

    it(
      "brings again what a handler threw at, after a growing pause, and tells of it",
      using(async ({ bus, advance, errors }) => {
        const stream = await bus.stream(usage);
        const consumer = await consuming(stream, "ledger", {}, (message) => {
          if (message.deliveries < 4) throw new Error(`no ${message.deliveries}`);
          message.ack();
        });
        await stream.append("usage.eu", bytes("1"));
        for (const [index, pauseMs] of [10, 20, 40].entries()) {
          await reached(() => expect(errors).toHaveLength(index + 1));
          await advance(pauseMs);
        }
        await reached(() => expect(consumer.messages).toHaveLength(4));
        expect(errors).toEqual([new Error("no 1"), new Error("no 2"), new Error("no 3")]);
      }),
    );

    it(
      "has no more messages out than asked for",
      using(async ({ bus }) => {
        const stream = await bus.stream(usage);
        const options = { inFlightMax: 3 };
        const { messages } = await consuming(stream, "ledger", options, () => {});
        const witness = await consuming(stream, "witness");
        for (let count = 0; count < 10; count++) await stream.append("usage.eu", bytes("1"));
        await reached(() => expect(witness.messages).toHaveLength(10));
        expect(messages).toHaveLength(3);
        messages[1]?.ack();
        await reached(() => expect(messages).toHaveLength(4));
        for (let count = 0; count < 10; count++) {
          await reached(() => expect(messages.length).toBeGreaterThan(count));
          messages[count]?.ack();
        }
        expect(messages.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      }),
    );

    it(
      "keeps a message with the same id once, for a while",
      using(async ({ bus, advance }) => {
        const stream = await bus.stream({ ...usage, dedupWindowMs: 500 });
        const append = (value: string, id: string) =>
          stream.append("usage.eu", bytes(value), { id });
        expect(await append("1", "x")).toEqual({ sequence: 1, duplicate: false });
        expect(await append("1 again", "x")).toEqual({ sequence: 1, duplicate: true });
        expect(await append("2", "y")).toEqual({ sequence: 2, duplicate: false });
        await advance(1000);
        expect(await append("3", "x")).toEqual({ sequence: 3, duplicate: false });
        const { got } = await consuming(stream, "ledger");
        const told = ["1 usage.eu=1", "2 usage.eu=2", "3 usage.eu=3"];
        await reached(() => expect(got).toEqual(told));
      }),
    );

    it(
      "drops the oldest beyond its bound",
      using(async ({ bus }) => {
        const stream = await bus.stream({ ...usage, messagesMax: 5 });
        for (let count = 1; count <= 8; count++) await stream.append("usage.eu", bytes(`${count}`));
        const { messages } = await consuming(stream, "ledger");
        await reached(() => expect(messages).toHaveLength(5));
        expect(messages.map(({ sequence }) => sequence)).toEqual([4, 5, 6, 7, 8]);
      }),
    );

    it(
      "tells ids apart, whatever they are made of",
      using(async ({ bus }) => {
        const stream = await bus.stream(usage);
        const longest = "é".repeat(busLimits.idCharactersMax);
        const ids = ["", " ", "a b", "a\r\nb", "é", "漢", "\ud800", longest, "x"];
        for (const [index, id] of ids.entries()) {
          const appended = await stream.append("usage.eu", bytes(id), { id });
          expect(appended).toEqual({ sequence: index + 1, duplicate: false });
        }
        for (const [index, id] of ids.entries()) {
          const again = await stream.append("usage.eu", bytes(id), { id });
          expect(again).toEqual({ sequence: index + 1, duplicate: true });
        }
      }),
    );

    it(
      "takes messages of the largest size",
      using(async ({ bus }) => {
        const largest = new Uint8Array(busLimits.messageBytesMax).fill(1);
        bus.subscribe("echo", ({ data, respond }) => respond?.(data));
        const answer = await bus.request("echo", largest, { timeoutMs: 10_000 });
        expect(answer.byteLength).toBe(largest.byteLength);
        const stream = await bus.stream(usage);
        const id = "x".repeat(busLimits.idCharactersMax);
        await stream.append("usage.eu", largest, { id });
        const [kept] = await stream.read({ limit: 1 });
        expect(kept?.data.byteLength).toBe(largest.byteLength);
      }),
    );

    it(
      "shows history in pages",
      using(async ({ bus }) => {
        const stream = await bus.stream(usage);
        expect(await stream.bounds()).toEqual({ first: 1, last: 0 });
        expect(await reading(stream, { limit: 10 })).toEqual([]);
        const subjects = ["usage.eu", "usage.us", "usage.eu", "usage.us", "usage.eu.a"];
        for (const [index, subject] of subjects.entries()) {
          await stream.append(subject, bytes(`${index + 1}`));
        }
        const [one, two, three] = ["1 usage.eu=1", "2 usage.us=2", "3 usage.eu=3"];
        const [four, five] = ["4 usage.us=4", "5 usage.eu.a=5"];
        expect(await stream.bounds()).toEqual({ first: 1, last: 5 });
        expect(await reading(stream, { limit: 2 })).toEqual([one, two]);
        expect(await reading(stream, { limit: 2, from: 3 })).toEqual([three, four]);
        expect(await reading(stream, { limit: 2, from: 5 })).toEqual([five]);
        expect(await reading(stream, { limit: 2, from: 6 })).toEqual([]);
        const filtered = (filter: string) => reading(stream, { limit: 2, from: 2, filter });
        expect(await filtered("usage.us")).toEqual([two, four]);
        expect(await filtered("usage.*")).toEqual([two, three]);
        expect(await filtered("usage.eu.>")).toEqual([five]);
        expect(await filtered("usage.ap")).toEqual([]);
      }),
    );

    it(
      "shows no history that it dropped, and when the rest was kept",
      using(async ({ bus, advance }) => {
        const stream = await bus.stream({ ...usage, messagesMax: 3 });
        for (let count = 1; count <= 5; count++) {
          await stream.append("usage.eu", bytes(`${count}`));
          await advance(5);
        }
        expect(await stream.bounds()).toEqual({ first: 3, last: 5 });
        const page = await stream.read({ from: 1, limit: 2 });
        expect(page.map(({ sequence }) => sequence)).toEqual([3, 4]);
        const [earlier = 0, later = 0] = page.map(({ timeMs }) => timeMs);
        expect(later - earlier).toBeGreaterThanOrEqual(4);
        expect(new Date(earlier).getUTCFullYear()).toBeGreaterThan(2024);
      }),
    );

    it(
      "moves no consumer by showing history",
      using(async ({ bus }) => {
        const stream = await bus.stream(usage);
        await stream.append("usage.eu", bytes("1"));
        await stream.read({ limit: 1 });
        const { got, messages } = await consuming(stream, "ledger");
        await stream.read({ limit: 1 });
        await reached(() => expect(got).toEqual(["1 usage.eu=1"]));
        expect(messages[0]?.deliveries).toBe(1);
      }),
    );

    it.each([
      {
        name: "a page of none",
        act: (stream: DurableStream) => stream.read({ limit: 0 }),
      },
      {
        name: "a page of too many",
        act: (stream: DurableStream) => stream.read({ limit: busLimits.readMax + 1 }),
      },
      {
        name: "a page before the first",
        act: (stream: DurableStream) => stream.read({ limit: 1, from: 0 }),
      },
      {
        name: "a page of no subject",
        act: (stream: DurableStream) => stream.read({ limit: 1, filter: "a..b" }),
      },
      {
        name: "an id that is too long",
        act: (stream: DurableStream) =>
          stream.append("usage.eu", bytes("1"), { id: "x".repeat(busLimits.idCharactersMax + 1) }),
      },
      {
        name: "a subject that it does not keep",
        act: (stream: DurableStream) => stream.append("other", bytes("1")),
      },
      {
        name: "a large message",
        act: (stream: DurableStream) => stream.append("usage.eu", tooLarge),
      },
      {
        name: "a consumer with a dot in its name",
        act: (stream: DurableStream) => stream.consume({ durable: "a.b" }, () => {}),
      },
      {
        name: "another filter for a consumer that exists",
        act: async (stream: DurableStream) => {
          await stream.consume({ durable: "a", filter: "usage.eu" }, () => {});
          await stream.consume({ durable: "a", filter: "usage.us" }, () => {});
        },
      },
      {
        name: "a stream on subjects that another keeps",
        act: (_: DurableStream, bus: Bus) => bus.stream({ name: "B", subjects: ["*.eu"] }),
      },
      {
        name: "a stream without subjects",
        act: (_: DurableStream, bus: Bus) => bus.stream({ name: "B", subjects: [] }),
      },
      {
        name: "a stream again with other subjects",
        act: (_: DurableStream, bus: Bus) => bus.stream({ ...usage, subjects: ["usage.eu"] }),
      },
    ])("refuses $name", async ({ act }) => {
      await using(async ({ bus }) => {
        const stream = await bus.stream(usage);
        await expect(act(stream, bus)).rejects.toThrow(RangeError);
      })();
    });
  });

  describe(`${name}: closing`, () => {
    it(
      "is connected until closed",
      using(async ({ bus }) => {
        const quiet = { droppedPublishes: 0, reconnects: 0 };
        expect(bus.status()).toEqual({ connected: true, ...quiet });
        await bus.close();
        expect(bus.status()).toEqual({ connected: false, ...quiet });
      }),
    );

    it(
      "delivers nothing more, and refuses all else",
      using(async ({ bus }) => {
        const { got } = receiving(bus, "a");
        const stream = await bus.stream(usage);
        const consumer = await consuming(stream, "ledger");
        await bus.close();
        await bus.close();
        expect(() => bus.publish("a", bytes("1"))).toThrow(BusClosedError);
        expect(() => bus.subscribe("a", () => {})).toThrow(BusClosedError);
        await expect(bus.request("a", bytes("1"), { timeoutMs: 1 })).rejects.toThrow(
          BusClosedError,
        );
        await expect(bus.stream(usage)).rejects.toThrow(BusClosedError);
        await expect(stream.append("usage.eu", bytes("1"))).rejects.toThrow(BusClosedError);
        await expect(stream.read({ limit: 1 })).rejects.toThrow(BusClosedError);
        await expect(stream.bounds()).rejects.toThrow(BusClosedError);
        await expect(stream.consume({ durable: "x" }, () => {})).rejects.toThrow(BusClosedError);
        expect([got, consumer.got]).toEqual([[], []]);
      }),
    );

    it(
      "fails the requests that wait, and waits for the handlers that run",
      using(async ({ bus, advance }) => {
        const gate = Promise.withResolvers<void>();
        const log: string[] = [];
        bus.subscribe("a", async () => {
          log.push("begin");
          await gate.promise;
          log.push("end");
        });
        const request = bus.request("a", bytes("?"), { timeoutMs: 60_000 });
        const failure = expect(request).rejects.toThrow(BusClosedError);
        await reached(() => expect(log).toEqual(["begin"]));
        const closed = bus.close().then(() => log.push("closed"));
        await failure;
        await advance(100);
        expect(log).toEqual(["begin"]);
        gate.resolve();
        await closed;
        expect(log).toEqual(["begin", "end", "closed"]);
      }),
    );
  });
}

const usage = { name: "USAGE", subjects: ["usage.>"] };
const tooLarge = new Uint8Array(busLimits.messageBytesMax + 1);

/** Subscribes and notes what comes, as "subject=text". */
function receiving(bus: Bus, pattern: string, options: { readonly group?: string } = {}) {
  const got: string[] = [];
  const subscription = bus.subscribe(
    pattern,
    ({ subject, data }) => void got.push(`${subject}=${text(data)}`),
    options,
  );
  return { got, subscription, subjects: () => got.map((line) => line.split("=")[0]) };
}

/** Consumes and notes what comes, as "sequence subject=text". Acknowledges, unless told otherwise. */
async function consuming(
  stream: DurableStream,
  durable: string,
  options: Omit<ConsumeOptions, "durable"> = {},
  answer: (message: DurableMessage) => void = (message) => message.ack(),
) {
  const got: string[] = [];
  const messages: DurableMessage[] = [];
  const subscription = await stream.consume({ durable, ...options }, (message) => {
    messages.push(message);
    got.push(`${message.sequence} ${message.subject}=${text(message.data)}`);
    answer(message);
  });
  return { got, messages, subscription };
}

/** A page of history, as "sequence subject=text". */
async function reading(stream: DurableStream, options: ReadOptions): Promise<readonly string[]> {
  const page = await stream.read(options);
  return page.map(({ sequence, subject, data }) => `${sequence} ${subject}=${text(data)}`);
}

/** Until it holds, within a deadline. */
function reached(assertion: () => void): Promise<void> {
  return vi.waitFor(assertion, { timeout: 10_000, interval: 2 });
}

function bytes(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function text(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}
