import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maskSecrets } from "./mask-secrets.ts";

describe("maskSecrets()", () => {
  it.each([
    {
      name: "what a vault says",
      text: "Error making API request.\nCode: 403. Errors:\n\n* permission denied\n",
      shown: "Error making API request. Code: 403. Errors: * permission denied",
    },
    {
      name: "a path",
      text: "open /run/secrets/openai: denied",
      shown: "open /run/secrets/openai: denied",
    },
    { name: "a key", text: "got sk-live-0123456789abcdef!", shown: "got ***!" },
    { name: "base64", text: "key=aGVsbG8gd29ybGQ/aGVsbG8= bad", shown: "*** bad" },
    { name: "a long word of letters only", text: "correcthorsebatterystaple", shown: "***" },
    {
      name: "a user in a URL",
      text: "GET https://me:short@vault.example.com/v1/x",
      shown: "GET https://***@vault.example.com/v1/x",
    },
    { name: "what terminals obey", text: "\u001b[31mred\u0007\u009b2J", shown: "[31mred 2J" },
  ])("shows of $name what may be shown", ({ text, shown }) => {
    expect(maskSecrets(text)).toBe(shown);
  });

  it("masks what is known to be secret, also if it is short", () => {
    expect(maskSecrets("token hunter2 refused, hunter", ["hunter2\n", "abc"])).toBe(
      "token *** refused, hunter",
    );
  });

  it("cuts long texts at their beginning, after masking", () => {
    const text = `${"word ".repeat(200)}sk-${"0123456789abcdef".repeat(30)} end`;
    const shown = maskSecrets(text);
    expect(shown.length).toBeLessThan(410);
    expect(shown.startsWith("... ")).toBe(true);
    expect(shown.endsWith("*** end")).toBe(true);
  });

  it("shows no part of a generated secret, wherever it stands", () => {
    const secrets = fc
      .stringMatching(/^[A-Za-z0-9+/_-]{16,64}$/)
      .filter((secret) => !/v\d/.test(secret) && /[0-9]/.test(secret) && /[A-Za-z]/.test(secret));
    const around = fc.string({
      unit: fc.constantFrom("a", " ", "'", '"', ":", "\n", "("),
      maxLength: 900,
    });
    fc.assert(
      fc.property(around, secrets, around, (head, secret, tail) => {
        const shown = maskSecrets(`${head}${secret}${tail}`);
        for (let at = 0; at + 6 <= secret.length; at++) {
          const part = secret.slice(at, at + 6);
          if (!/^a+$/.test(part)) expect(shown).not.toContain(part);
        }
      }),
    );
  });
});
