import { type HeadgateProcess, startUp, withDeadline } from "@headgate/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chat, chatStatus } from "./chat.ts";
import { eventually } from "./eventually.ts";
import { GatedProvider } from "./gated-provider.ts";
import { Planes } from "./planes.ts";

const key = "sk-hg-drain-0123456789";

/** What the test needs of a program that serves, be it `up` or a node. */
interface Serving {
  readonly process: HeadgateProcess;
  readonly proxyUrl: string;
  readonly telemetryUrl: string;
}

describe("draining", () => {
  let resourcesOfTest: AsyncDisposableStack;
  let provider: GatedProvider;

  beforeEach(async () => {
    resourcesOfTest = new AsyncDisposableStack();
    provider = resourcesOfTest.use(await GatedProvider.start());
  });
  afterEach(() => resourcesOfTest.disposeAsync());

  const programs = [
    { program: "headgate up", start: startUpHere },
    { program: "headgate up --workers 2", start: () => startUpHere("--workers", "2") },
    { program: "headgate data-plane", start: startNodeHere },
  ];
  it.each(programs)(
    "$program lets streams in flight finish, and takes no new calls",
    async ({ start }) => {
      const serving = await start();
      const streams = await openStreams(serving, 6);
      serving.process.signal("SIGTERM");
      await isDraining(serving);

      await eventually(async () =>
        expect(await readiness(serving)).toEqual({ status: 503, reasons: ["draining"] }),
      );
      await eventually(async () => expect(await statusOfNewCall(serving)).toBe("refused"));
      expect(serving.process.running).toBe(true);

      provider.openGate();
      for (const text of await Promise.all(streams)) {
        expect(text).toContain("first");
        expect(text).toContain(" last");
        expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
      }
      expect(await ended(serving)).toEqual({ code: 0, signal: null });
      const outcomes = serving.process.logs.withMessage("call").map((line) => line["outcome"]);
      expect(outcomes.filter((outcome) => outcome === "ok")).toHaveLength(6);
    },
  );

  it.each(programs)("$program ends at once when nothing is in flight", async ({ start }) => {
    const serving = await start();
    // A connection that clients keep open is not a call in flight.
    expect((await fetch(`${serving.proxyUrl}/health/live`)).status).toBe(200);
    serving.process.signal("SIGTERM");
    expect(await ended(serving, 5_000)).toEqual({ code: 0, signal: null });
  });

  it("cuts what is not over by the drain timeout, and makes the cut visible", async () => {
    const serving = await startNodeHere("drain_timeout: 200ms");
    const streams = await openStreams(serving, 3);
    serving.process.signal("SIGTERM");
    const ends = await Promise.allSettled(streams);
    expect(ends.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(await ended(serving)).toEqual({ code: 0, signal: null });
    const isCut = (line: object) => "event" in line && line.event === "cut";
    expect(serving.process.logs.lines.filter(isCut)).toMatchObject([{ calls: 3 }]);
    // The provider is told too, rather than left to generate for nobody.
    await provider.waitForOpen(0);
  });

  it.each(programs)("$program ends at once at a second signal", async ({ start }) => {
    const serving = await start();
    const streams = await openStreams(serving, 2);
    serving.process.signal("SIGTERM");
    await isDraining(serving);
    // Signals that come together count as one, so it is sent until it has counted.
    const again = setInterval(() => serving.process.signal("SIGTERM"), 100);
    try {
      expect(await ended(serving, 5_000)).toEqual({ code: 130, signal: null });
    } finally {
      clearInterval(again);
    }
    const ends = await Promise.allSettled(streams);
    expect(ends.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  });

  async function startUpHere(...flags: readonly string[]): Promise<Serving> {
    return resourcesOfTest.use(await startUp({ config: yaml(), flags }));
  }

  async function startNodeHere(dataPlane = ""): Promise<Serving> {
    const planes = resourcesOfTest.use(await Planes.start({ resources: yaml(), dataPlane }));
    return await planes.startNode();
  }

  function yaml(): string {
    return `
providers:
  - {name: gated, type: openai-compatible, base_url: "${provider.baseUrl}", credentials: [{name: a}]}
models: [{name: chat, deployments: [{provider: gated}]}]
keys: [{name: drain, secret: ${key}}]
`;
  }

  /** Streams whose first event has arrived; each resolves with its whole text, or rejects if cut. */
  async function openStreams({ proxyUrl }: Serving, count: number): Promise<Promise<string>[]> {
    const calls = Array.from({ length: count }, () => chat({ proxyUrl, key, stream: true }));
    const responses = await Promise.all(calls);
    expect(responses.map(({ status }) => status)).toEqual(Array(count).fill(200));
    await provider.waitForOpen(count);
    const texts = responses.map((response) => response.text());
    for (const text of texts) text.catch(() => {}); // Looked at later.
    return texts;
  }
});

async function isDraining({ process }: Serving): Promise<void> {
  await process.logs.waitFor((line) => line["event"] === "draining", "the drain to begin");
}

async function readiness({ telemetryUrl }: Serving) {
  const response = await fetch(`${telemetryUrl}/health/ready`);
  // Sound because the page is ours, and the comparison fails if it has no such member.
  const { reasons } = (await response.json()) as { reasons?: unknown };
  return { status: response.status, reasons };
}

/** A call for a model there is not: should it be let in, it is not in flight. */
async function statusOfNewCall({ proxyUrl }: Serving): Promise<number | "refused"> {
  const status = await chatStatus({ proxyUrl, key, model: "none" });
  return status === 0 ? "refused" : status;
}

function ended({ process }: Serving, withinMs?: number) {
  return withDeadline(process.exited, () => `the end; last:\n${process.logs.tail()}`, withinMs);
}
