import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type LoadHistory, loadOf, withSample } from "./load-history.ts";
import type { LoadSample } from "./load-sample.ts";

interface Example {
  readonly name: string;
  readonly samples: readonly LoadSample[];
  readonly load: object;
}

describe("the load of a node", () => {
  it.each<Example>([
    {
      name: "one report says what is under way, and no rate",
      samples: [sample({ uptimeMs: 1_000, calls: 7, inFlight: 3 })],
      load: { inFlight: 3, callsPerSecond: undefined, outputTokensPerSecond: undefined },
    },
    {
      name: "two reports make rates",
      samples: [
        sample({ uptimeMs: 1_000, calls: 10, failedCalls: 1, inputTokens: 5, outputTokens: 100 }),
        sample({ uptimeMs: 3_000, calls: 30, failedCalls: 2, inputTokens: 6, outputTokens: 700 }),
      ],
      load: {
        callsPerSecond: 10,
        failuresPerSecond: 0.5,
        inputTokensPerSecond: 0.5,
        outputTokensPerSecond: 300,
      },
    },
    {
      name: "a quiet node has rates of nothing",
      samples: [sample({ uptimeMs: 1_000, calls: 10 }), sample({ uptimeMs: 2_000, calls: 10 })],
      load: { callsPerSecond: 0, failuresPerSecond: 0 },
    },
    {
      name: "two reports at almost the same moment make no rate",
      samples: [sample({ uptimeMs: 1_000, calls: 1 }), sample({ uptimeMs: 1_001, calls: 2 })],
      load: { inFlight: 0, callsPerSecond: undefined },
    },
    {
      name: "what was before the last ten seconds does not count",
      samples: [
        sample({ uptimeMs: 1_000, calls: 0 }),
        sample({ uptimeMs: 2_000, calls: 9_000 }),
        ...Array.from({ length: 10 }, (_, n) =>
          sample({ uptimeMs: 3_000 + n * 1_000, calls: 9_000 }),
        ),
      ],
      load: { callsPerSecond: 0 },
    },
    {
      name: "lost reports are bridged by those around them",
      samples: [sample({ uptimeMs: 1_000, calls: 0 }), sample({ uptimeMs: 31_000, calls: 60 })],
      load: { callsPerSecond: 2 },
    },
    {
      name: "what came late or twice changes nothing",
      samples: [
        sample({ uptimeMs: 1_000, calls: 0 }),
        sample({ uptimeMs: 3_000, calls: 20, inFlight: 4 }),
        sample({ uptimeMs: 2_000, calls: 10, inFlight: 9 }),
        sample({ uptimeMs: 3_000, calls: 20, inFlight: 9 }),
      ],
      load: { callsPerSecond: 10, inFlight: 4 },
    },
    {
      name: "a new process starts anew",
      samples: [
        sample({ uptimeMs: 500_000, calls: 9_000 }),
        sample({ bootId: "b2", startMs: 501_000, uptimeMs: 1_000, calls: 2, inFlight: 1 }),
      ],
      load: { inFlight: 1, callsPerSecond: undefined },
    },
    {
      name: "a late report of the process before does not bring it back",
      samples: [
        sample({ bootId: "b2", startMs: 501_000, uptimeMs: 1_000, calls: 2 }),
        sample({ uptimeMs: 500_000, calls: 9_000, inFlight: 9 }),
        sample({ bootId: "b2", startMs: 501_000, uptimeMs: 2_000, calls: 4 }),
      ],
      load: { inFlight: 0, callsPerSecond: 2 },
    },
    {
      name: "a counter that falls, as none may, makes no negative rate",
      samples: [sample({ uptimeMs: 1_000, calls: 10 }), sample({ uptimeMs: 2_000, calls: 3 })],
      load: { callsPerSecond: 0 },
    },
    {
      name: "the latest report says what is",
      samples: [
        sample({ uptimeMs: 1_000 }),
        sample({ uptimeMs: 2_000, draining: true, workers: 3, rssBytes: 9 }),
      ],
      load: { draining: true, workers: 3, rssBytes: 9n, reportTime: { seconds: 1_002n } },
    },
  ])("$name", ({ samples, load }) => {
    expect(membersOf(told(samples), Object.keys(load))).toMatchObject(load);
  });

  it("is within what there was, whatever reports are lost, doubled and overtaken", () => {
    fc.assert(
      fc.property(lives, journeys, (steps, journey) => {
        const sent = reportsOf(steps);
        const mostPerSecond = Math.max(...steps.map((one) => (one.calls * 1_000) / one.ms));
        let history: LoadHistory | undefined;
        for (const at of journey) {
          const report = sent[at % sent.length];
          history = (report && withSample(history, report)) ?? history;
          const rate = history && loadOf(history).callsPerSecond;
          if (rate === undefined) continue;
          expect(rate).toBeGreaterThanOrEqual(0);
          expect(rate).toBeLessThanOrEqual(mostPerSecond * 1.000001);
        }
      }),
    );
  });

  it("ends at the newest report that came, in whatever order", () => {
    fc.assert(
      fc.property(lives, journeys, (steps, journey) => {
        const sent = reportsOf(steps);
        const arrived = journey.flatMap((at) => sent[at % sent.length] ?? []);
        const newest = arrived.reduce((one, other) => (other.timeMs > one.timeMs ? other : one));
        expect(historyOf(arrived)?.at(-1)).toEqual(newest);
      }),
    );
  });

  it("keeps few reports, however often they come", () => {
    const eager = Array.from({ length: 1_000 }, (_, n) => sample({ uptimeMs: n + 1, sequence: n }));
    expect(historyOf(eager)?.length).toBeLessThanOrEqual(17);
    const usual = Array.from({ length: 60 }, (_, n) => sample({ uptimeMs: (n + 1) * 1_000 }));
    expect(historyOf(usual)?.length).toBe(11);
  });
});

interface Step {
  readonly ms: number;
  readonly calls: number;
  /** Another process takes over after it. */
  readonly restarts: boolean;
}

/** What happened between reports. */
const lives = fc.array(
  fc.record({
    ms: fc.integer({ min: 500, max: 5_000 }),
    calls: fc.nat({ max: 1_000 }),
    restarts: fc.boolean(),
  }),
  { minLength: 1, maxLength: 40 },
);
/** Which reports arrive, in which order: any may be missing, or there several times. */
const journeys = fc.array(fc.nat({ max: 200 }), { minLength: 1, maxLength: 80 });

/** One report after each step. */
function reportsOf(steps: readonly Step[]): readonly LoadSample[] {
  let boot = { id: 1, startMs: 0 };
  let nowMs = 0;
  let calls = 0;
  let sequence = 0;
  return steps.map((step) => {
    nowMs += step.ms;
    calls += step.calls;
    sequence += 1;
    const { id, startMs } = boot;
    const uptimeMs = nowMs - startMs;
    const report = sample({ bootId: `b${id}`, startMs, uptimeMs, calls, sequence });
    if (step.restarts) {
      boot = { id: id + 1, startMs: nowMs };
      calls = 0;
      sequence = 0;
    }
    return report;
  });
}

function historyOf(samples: readonly LoadSample[]): LoadHistory | undefined {
  return samples.reduce<LoadHistory | undefined>(
    (history, one) => withSample(history, one) ?? history,
    undefined,
  );
}

function told(samples: readonly LoadSample[]) {
  const history = historyOf(samples);
  return history && loadOf(history);
}

/** With those that are absent. */
function membersOf(message: object | undefined, names: readonly string[]): object {
  return Object.fromEntries(names.map((name) => [name, message && Reflect.get(message, name)]));
}

/** Reports are numbered by the second, unless said otherwise. */
function sample(given: Partial<LoadSample> & { uptimeMs: number; startMs?: number }): LoadSample {
  const { startMs = 0, ...rest } = given;
  return {
    ...{ bootId: "b1", sequence: Math.ceil(given.uptimeMs / 1_000) },
    timeMs: 1_000_000 + startMs + given.uptimeMs,
    ...{ inFlight: 0, calls: 0, failedCalls: 0, inputTokens: 0, outputTokens: 0 },
    ...{ workers: 1, rssBytes: 1, draining: false },
    ...rest,
  };
}
