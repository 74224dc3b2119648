import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isEnvelope, openEnvelope, sealEnvelope } from "./reasoning-envelope.ts";

const belongsTo = fc.oneof(
  fc.constantFrom({ kind: "reasoning" }, { kind: "redacted" }, { kind: "text" }),
  fc.record({ kind: fc.constant("call"), callId: fc.string() }),
) as fc.Arbitrary<Parameters<typeof sealEnvelope>[0]["belongsTo"]>;
const vendor = fc.constantFrom("anthropic" as const, "gemini" as const, "other" as const);
const value = fc.string({ unit: "binary" });

describe("envelopes", () => {
  it("give back what was put in, in letters that survive anywhere", () => {
    fc.assert(
      fc.property(belongsTo, fc.record({ vendor, value }), (owner, signature) => {
        const sealed = sealEnvelope({ belongsTo: owner, signature });
        expect(sealed).toMatch(/^hg1\.[A-Za-z0-9_-]+$/);
        expect(openEnvelope(sealed)).toEqual({ belongsTo: owner, signature });
      }),
    );
  });

  it("leave what OpenAI encrypted as it was", () => {
    const signature = { vendor: "openai", value: "gAAAA==" } as const;
    const sealed = sealEnvelope({ belongsTo: { kind: "reasoning" }, signature });
    expect(sealed).toBe("gAAAA==");
    expect(isEnvelope(sealed)).toBe(false);
    expect(openEnvelope(sealed)).toBeUndefined();
  });

  it("that were damaged are none, and never a reason to throw", () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), (text, json) => {
        openEnvelope(`hg1.${text}`);
        const odd = Buffer.from(JSON.stringify(json)).toString("base64url");
        expect(openEnvelope(`hg1.${odd}`)).toBeUndefined();
      }),
    );
  });
});
