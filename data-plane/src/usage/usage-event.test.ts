import { measurePrompt, TokenEstimator, type Usage } from "@headgate/core";
import { describe, expect, it } from "vitest";
import type { Call } from "../pipeline/call.ts";
import { flatRate, type PinnedPrice } from "../pricing/pinned-price.ts";
import { usageEvent } from "./usage-event.ts";

const counted: Usage = { inputTokens: 1_000, outputTokens: 10 };
const dollar = flatRate(1);
const rates = {
  input: dollar,
  cachedInput: dollar,
  cacheWrite: dollar,
  cacheWrite1h: dollar,
  inputAudio: dollar,
  output: flatRate(5),
  outputAudio: dollar,
};
const pinned: PinnedPrice = {
  source: "deployment",
  listed: "",
  periods: [{ when: { kind: "always" }, rates }],
};

describe("usageEvent()", () => {
  it("tells who used what of which model, and what it cost", () => {
    expect(usageEvent(call({ usage: counted, price: { pinned, atMs: 0 } }), estimator())).toEqual({
      requestId: "req_1",
      key: "k",
      team: "t",
      user: "u",
      model: "public",
      upstreamModel: "up",
      provider: "p",
      deployment: "p/a/up",
      usage: counted,
      // A thousand tokens for 1 $/M and ten for 5 $/M.
      costNanoUsd: 1_050_000,
    });
  });

  it("has no cost where no price is known", () => {
    expect(usageEvent(call({ usage: counted }), estimator())?.costNanoUsd).toBeUndefined();
  });

  it.each([
    { name: "of an answer that the provider did not count", more: {} },
    { name: "of an answer that its client left", more: { outcome: "client_closed" } },
  ] as const)("estimates the usage $name, and marks it", ({ more }) => {
    const event = usageEvent(call({ ...more, answerTextBytes: 400 }), estimator());
    expect(event?.usage).toEqual({ inputTokens: 42, outputTokens: 100, estimated: true });
  });

  it("takes the greater of count and estimate for the output of an answer that broke off", () => {
    const early = { inputTokens: 1_000, outputTokens: 1 };
    const cut = usageEvent(call({ usage: early, cut: true, answerTextBytes: 400 }), estimator());
    expect(cut?.usage).toEqual({ inputTokens: 1_000, outputTokens: 100, estimated: true });
  });

  it.each([
    { name: "was refused", more: { status: 400, firstByteMs: 1 } },
    { name: "got no answer", more: { status: 502 } },
    { name: "counted tokens", more: { endpoint: "count_tokens" } },
  ] as const)("is none for a call that $name", ({ more }) => {
    const { firstByteMs: _, ...rest } = call({});
    const base = "firstByteMs" in more || "endpoint" in more ? call({}) : (rest as Call);
    expect(usageEvent({ ...base, ...more } as Call, estimator())).toBeUndefined();
  });
});

/** Of a call, only these members are read. */
function call(more: Partial<Call>): Call {
  const deployment = { id: "p/a/up", provider: "p", upstreamModel: "up" };
  const base = {
    requestId: "req_1",
    endpoint: "chat_completions",
    key: { name: "k", team: "t", user: "u" },
    model: "public",
    deployment,
    status: 200,
    firstByteMs: 1,
    estimatedInputTokens: 42,
    answerTextBytes: 0,
  };
  return { ...base, ...more } as unknown as Call;
}

function estimator(): TokenEstimator {
  const tokens = new TokenEstimator();
  tokens.learn("other", measurePrompt(Buffer.from("{}")), 5);
  return tokens;
}
