import { describe, expect, it } from "vitest";
import type { ApiErrorKind } from "../providers/api-error.ts";
import { failureCause } from "./failure-cause.ts";

describe("failureCause()", () => {
  it.each<[kind: ApiErrorKind, status: number, cause: string]>([
    ["server_error", 500, "500"],
    ["server_error", 520, "520"],
    ["server_error", 424, "500"],
    ["unavailable", 400, "503"],
    ["unavailable", 429, "429"],
    ["timeout", 408, "408"],
    ["timeout", 524, "524"],
    ["overloaded", 529, "529"],
    ["overloaded", 200, "529"],
    ["invalid_request", 424, "424"],
    ["context_too_long", 400, "400"],
    ["rate_limited", 400, "429"],
    ["quota_spent", 402, "429"],
    ["credential_rejected", 400, "401"],
    ["credential_rejected", 403, "403"],
  ])("of %s with status %i is %s", (kind, status, cause) => {
    expect(failureCause({ kind, status, message: "m" })).toBe(cause);
  });
});
