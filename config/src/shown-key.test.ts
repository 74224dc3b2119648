import { describe, expect, it } from "vitest";
import { shownKey } from "./shown-key.ts";

describe("shownKey()", () => {
  it.each([
    { key: "deployments", shown: "deployments" },
    { key: "service_account_files", shown: "service_account_files" },
    { key: "retry-on2", shown: "retry-on2" },
    { key: "<<", shown: "<<" },
    { key: "secret:sk-0123456789abcdef", shown: "secret..." },
    { key: "sk-0123456789abcdef", shown: "sk-0..." },
    { key: "a".repeat(33), shown: "aaaa..." },
  ])("shows $key as $shown", ({ key, shown }) => {
    expect(shownKey(key)).toBe(shown);
  });
});
