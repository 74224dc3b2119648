import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deploymentTag, markResponseId, readResponseId } from "./response-ids.ts";

describe("marked response ids", () => {
  it.each([
    { name: "OpenAI's", id: "resp_68c4f0", marked: `resp_hg${deploymentTag("d")}_68c4f0` },
    { name: "any other", id: "1235b7ba-fd", marked: `resp_hg${deploymentTag("d")}-1235b7ba-fd` },
    { name: "none", id: "", marked: "" },
  ])("of $name kind", ({ id, marked }) => {
    expect(markResponseId(id, "d")).toBe(marked);
  });

  it("give back the provider's id and the deployment's tag, also where it had marked ids itself", () => {
    const id = fc.oneof(
      fc.string({ minLength: 1, maxLength: 512, unit: "binary" }),
      fc.string({ minLength: 1, maxLength: 400 }).map((text) => markResponseId(text, "other")),
    );
    fc.assert(
      fc.property(id, fc.string(), (original, deployment) => {
        fc.pre(original.length <= 512);
        const marked = markResponseId(original, deployment);
        expect(readResponseId(marked)).toEqual({ tag: deploymentTag(deployment), original });
        expect(marked.length).toBeLessThanOrEqual(original.length + 18);
        expect(marked).toBe(markResponseId(original, deployment));
      }),
    );
  });

  it("are not mistaken for ids without a mark", () => {
    const hex = fc.stringMatching(/^[0-9a-f]{1,60}$/);
    fc.assert(fc.property(hex, (id) => readResponseId(`resp_${id}`) === undefined));
    fc.assert(fc.property(fc.uuid(), (id) => readResponseId(id) === undefined));
  });

  it("are not read from what is damaged or endless", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void readResponseId(text)));
    expect(readResponseId(`resp_hg${deploymentTag("d")}_`)).toBeUndefined();
    expect(readResponseId(`resp_hg0123456789_${"x".repeat(100_000)}`)).toBeUndefined();
    expect(markResponseId("x".repeat(513), "d")).toBe("x".repeat(513));
  });

  it("name ten hexadecimal digits, the same on every node, others for another deployment", () => {
    expect(deploymentTag("eu/gpt")).toBe("4085d373ac");
    expect(deploymentTag("us/gpt")).not.toBe(deploymentTag("eu/gpt"));
  });
});
