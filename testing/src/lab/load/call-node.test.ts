import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, errorAnswer, htmlAnswer } from "../../answer.ts";
import { type FakeProvider, startFakeProvider } from "../../fake-provider.ts";
import { callNode } from "./call-node.ts";

describe("callNode()", () => {
  let node: FakeProvider;

  beforeAll(async () => {
    node = await startFakeProvider();
  });
  afterAll(() => node.stop());

  it.each([{ stream: true }, { stream: false }])(
    "is content with a whole answer: %j",
    async (how) => {
      expect(await call({ ...how, number: 42 })).toBeUndefined();
      expect(node.requests.at(-1)?.body.toString()).toContain("lab-call-42");
    },
  );

  const down = errorAnswer(503, { message: "no", type: "server_error", code: "no_deployment" });
  it.each<{ name: string; answer: Answer; stream: boolean; says: string | RegExp }>([
    {
      name: "a refusal, with its code",
      answer: down,
      stream: false,
      says: "status 503 no_deployment",
    },
    {
      name: "a page instead of an answer",
      answer: htmlAnswer(502),
      stream: false,
      says: "status 502",
    },
    {
      name: "an answer without choices",
      answer: { body: "{}" },
      stream: false,
      says: "answer is not whole",
    },
    {
      name: "a stream without its end",
      answer: { body: "data: {}\n\n" },
      stream: true,
      says: "answer is not whole",
    },
    {
      name: "a connection that breaks",
      answer: { refuse: true },
      stream: true,
      says: /^(UND_ERR_SOCKET|ECONNRESET)$/,
    },
    {
      name: "no answer in time",
      answer: { hold: true },
      stream: true,
      says: "no answer in 300 ms",
    },
  ])("says what is wrong with $name", async ({ answer, stream, says }) => {
    node.script(answer);
    expect(await call({ stream, timeoutMs: 300 })).toMatch(says);
  });

  it("says that nobody listens", async () => {
    const gone = await startFakeProvider();
    const url = gone.origin;
    await gone.stop();
    expect(await call({ url })).toBe("ECONNREFUSED");
  });

  it("gives up when told to", async () => {
    node.script({ hold: true });
    const signal = AbortSignal.timeout(50);
    expect(await call({ signal })).toBe("given up");
  });

  function call(more: Partial<Parameters<typeof callNode>[0]>) {
    return callNode({ url: node.origin, number: 1, stream: true, timeoutMs: 10_000, ...more });
  }
});
