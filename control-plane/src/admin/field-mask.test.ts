import { create, equals, type MessageInitShape } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { resources } from "@headgate/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyFieldMask } from "./field-mask.ts";

const { PolicySchema, KeySchema, ProviderSchema, ModelSchema } = resources;

describe("applyFieldMask()", () => {
  type Policy = MessageInitShape<typeof PolicySchema>;
  type Row = { name: string; paths: string[]; stored: Policy; given: Policy; merged: Policy };
  const rows: Row[] = [
    {
      name: "a field within a message, and nothing beside it",
      paths: ["retry.max_attempts"],
      stored: { retry: { maxAttempts: 3, budgetPercent: 10 }, timeouts: { idle: { seconds: 1n } } },
      given: { retry: { maxAttempts: 5, budgetPercent: 99 }, timeouts: { idle: { seconds: 9n } } },
      merged: { retry: { maxAttempts: 5, budgetPercent: 10 }, timeouts: { idle: { seconds: 1n } } },
    },
    {
      name: "a whole message",
      paths: ["retry"],
      stored: { retry: { maxAttempts: 3, budgetPercent: 10 } },
      given: { retry: { maxAttempts: 5 } },
      merged: { retry: { maxAttempts: 5 } },
    },
    {
      name: "a message that is not given: it is cleared",
      paths: ["queue"],
      stored: { queue: { maxLength: 5 }, retry: { maxAttempts: 3 } },
      given: {},
      merged: { retry: { maxAttempts: 3 } },
    },
    {
      name: "a field of a message that is not given: only the field is cleared",
      paths: ["retry.max_attempts"],
      stored: { retry: { maxAttempts: 3, budgetPercent: 10 } },
      given: {},
      merged: { retry: { budgetPercent: 10 } },
    },
    {
      name: "a field of a message that was not stored: the message is made",
      paths: ["queue.max_length"],
      stored: {},
      given: { queue: { maxLength: 5, maxWait: { seconds: 1n } } },
      merged: { queue: { maxLength: 5 } },
    },
    {
      name: "a field of a message that neither has: none is made",
      paths: ["queue.max_length"],
      stored: {},
      given: {},
      merged: {},
    },
    {
      name: "a list within a message, as a whole",
      paths: ["retry.on"],
      stored: { retry: { on: ["429", "5xx"] } },
      given: { retry: { on: ["timeout"] } },
      merged: { retry: { on: ["timeout"] } },
    },
    {
      name: "a duration, as a whole",
      paths: ["timeouts.idle"],
      stored: { timeouts: { idle: { seconds: 1n, nanos: 5 }, total: { seconds: 2n } } },
      given: { timeouts: { idle: { seconds: 3n } } },
      merged: { timeouts: { idle: { seconds: 3n }, total: { seconds: 2n } } },
    },
    {
      name: "a zero that is meant",
      paths: ["queue.max_length"],
      stored: { queue: { maxLength: 5 } },
      given: { queue: { maxLength: 0 } },
      merged: { queue: { maxLength: 0 } },
    },
    {
      name: "an enum",
      paths: ["unsupported_parameters"],
      stored: { unsupportedParameters: resources.UnsupportedParameters.DROP },
      given: { unsupportedParameters: resources.UnsupportedParameters.STRICT },
      merged: { unsupportedParameters: resources.UnsupportedParameters.STRICT },
    },
    {
      name: "a message and a field of it",
      paths: ["retry", "retry.max_attempts"],
      stored: { retry: { maxAttempts: 3, budgetPercent: 10 } },
      given: { retry: { maxAttempts: 5 } },
      merged: { retry: { maxAttempts: 5 } },
    },
    {
      name: "everything, but for what is the control plane's",
      paths: ["*"],
      stored: { name: "default", retry: { maxAttempts: 3 }, metadata: { revision: 7n } },
      given: { queue: { maxLength: 5 }, metadata: { managedBy: "me" } },
      merged: { name: "default", queue: { maxLength: 5 }, metadata: { revision: 7n } },
    },
  ];
  it.each(rows)("changes $name", ({ paths, ...init }) => {
    const stored = create(PolicySchema, init.stored);
    const given = create(PolicySchema, init.given);
    const result = applyFieldMask(PolicySchema, { stored, given, paths });
    expect(result).toEqual({ ok: true, merged: create(PolicySchema, init.merged) });
    expect(stored).toEqual(create(PolicySchema, init.stored));
    expect(given).toEqual(create(PolicySchema, init.given));
  });

  it.each([
    {
      schema: KeySchema,
      path: "limts",
      says: /^update_mask limts: there is no field "limts" \(did you mean "limits"\?\); there are team, /,
    },
    { schema: KeySchema, path: "secretHash", says: /no field "secretHash"/ },
    { schema: ProviderSchema, path: "baseUrl", says: /did you mean "base_url"/ },
    { schema: PolicySchema, path: "max_attempts", says: /did you mean "retry\.max_attempts"/ },
    {
      schema: PolicySchema,
      path: "retry.attempts_max",
      says: /no field "attempts_max" .*; there are retry\.max_attempts, retry\.budget_percent, retry\.on$/,
    },
    { schema: PolicySchema, path: "retry.max_attempt", says: /did you mean "retry\.max_attempts"/ },
    {
      schema: PolicySchema,
      path: "timeouts.idle.seconds",
      says: /timeouts\.idle is replaced as a whole: name just timeouts\.idle/,
    },
    {
      schema: ProviderSchema,
      path: "credentials.api_key",
      says: /credentials is replaced as a whole: name just credentials/,
    },
    {
      schema: ProviderSchema,
      path: "credentials[0]",
      says: /no field "credentials\[0\]" \(did you mean "credentials"/,
    },
    { schema: ModelSchema, path: "strategy.x", says: /strategy is replaced as a whole/ },
    { schema: KeySchema, path: "name", says: /update_mask name: names never change/ },
    { schema: KeySchema, path: "metadata", says: /metadata is the control plane's own/ },
    { schema: KeySchema, path: "metadata.managed_by", says: /metadata is the control plane's own/ },
    { schema: KeySchema, path: "secret", says: /use RotateKey/ },
    { schema: KeySchema, path: "secret_hash", says: /use RotateKey/ },
    { schema: KeySchema, path: "revoke_time", says: /only RevokeKey/ },
    { schema: KeySchema, path: "", says: /no field ""/ },
    { schema: PolicySchema, path: "retry.", says: /no field ""/ },
  ])("refuses $path", ({ schema, path, says }) => {
    const message = create(schema);
    const result = applyFieldMask(schema, { stored: message, given: message, paths: [path] });
    expect(result.ok ? "" : result.problems.join("\n")).toMatch(says);
  });

  it("tells of all paths that are wrong, and refuses * beside others, and far too many", () => {
    const message = create(KeySchema);
    const problems = (paths: string[]) => {
      const result = applyFieldMask(KeySchema, { stored: message, given: message, paths });
      return result.ok ? [] : result.problems;
    };
    expect(problems(["tem", "user", "modls"])).toHaveLength(2);
    expect(problems(["*", "user"])).toEqual([expect.stringMatching(/must be the only path/)]);
    expect(problems(Array(101).fill("user"))).toEqual([expect.stringMatching(/at most 100/)]);
  });

  it("takes what is named from the one and the rest from the other, whatever is named", () => {
    const names = ["retry", "timeouts", "breaker", "queue", "unsupported_parameters", "fetch"];
    fc.assert(
      fc.property(policies, policies, fc.subarray(names), (stored, given, paths) => {
        const result = applyFieldMask(PolicySchema, { stored, given, paths });
        if (!result.ok) throw new Error(result.problems.join());
        for (const field of PolicySchema.fields) {
          const from = paths.includes(field.name) ? given : stored;
          const [a, b] = [reflect(PolicySchema, result.merged), reflect(PolicySchema, from)];
          expect(plain(a.get(field))).toEqual(plain(b.get(field)));
          expect(a.isSet(field)).toBe(b.isSet(field));
        }
        const again = applyFieldMask(PolicySchema, { stored: result.merged, given, paths });
        expect(again.ok && equals(PolicySchema, again.merged, result.merged)).toBe(true);
      }),
    );
  });

  it("comes to the given message when everything of it is named, in whatever pieces", () => {
    const pieces = [
      ...["retry.max_attempts", "retry.budget_percent", "retry.on", "timeouts.idle"],
      ...["timeouts.connect", "timeouts.first_token", "timeouts.total", "queue.max_wait"],
      ...["queue.max_length", "breaker", "unsupported_parameters", "fetch"],
    ];
    fc.assert(
      fc.property(
        policies,
        policies,
        fc.shuffledSubarray(pieces, { minLength: pieces.length }),
        (stored, given, paths) => {
          const result = applyFieldMask(PolicySchema, { stored, given, paths });
          if (!result.ok) throw new Error(result.problems.join());
          const { merged } = result;
          // A message of which all fields were cleared stays, empty.
          expect(merged.retry ?? create(resources.RetrySchema)).toEqual(
            given.retry ?? create(resources.RetrySchema),
          );
          expect(merged.queue ?? create(resources.QueueSchema)).toEqual(
            given.queue ?? create(resources.QueueSchema),
          );
          expect(merged.timeouts ?? create(resources.TimeoutsSchema)).toEqual(
            given.timeouts ?? create(resources.TimeoutsSchema),
          );
          expect(merged.breaker).toEqual(given.breaker);
          expect(merged.fetch).toEqual(given.fetch);
        },
      ),
    );
  });
});

function plain(value: unknown): unknown {
  return value !== null && typeof value === "object" && "message" in value ? value.message : value;
}

const durations = fc.option(
  fc.record({ seconds: fc.bigInt({ min: 0n, max: 9n }), nanos: fc.nat({ max: 9 }) }),
  { nil: undefined },
);
const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined });
const policies = fc
  .record({
    retry: maybe(
      fc.record({
        maxAttempts: maybe(fc.nat(9)),
        budgetPercent: maybe(fc.nat(9)),
        on: fc.array(fc.constantFrom("429", "5xx"), { maxLength: 2 }),
      }),
    ),
    timeouts: maybe(
      fc.record({ idle: durations, connect: durations, firstToken: durations, total: durations }),
    ),
    breaker: maybe(fc.record({ errorPercent: fc.nat(9), openFor: durations })),
    queue: maybe(fc.record({ maxWait: durations, maxLength: maybe(fc.nat(9)) })),
    unsupportedParameters: fc.constantFrom(
      0,
      1,
      2,
    ) as fc.Arbitrary<resources.UnsupportedParameters>,
    fetch: maybe(
      fc.record({
        disabled: fc.boolean(),
        allowHosts: fc.array(fc.constantFrom("a", "b"), { maxLength: 2 }),
      }),
    ),
  })
  .map((init) => create(PolicySchema, withoutUndefined(init)));

// biome-ignore lint/suspicious/noExplicitAny: what JSON.parse() gives; create() looks at it.
function withoutUndefined(init: object): any {
  // As it was, without the members that are undefined.
  return JSON.parse(
    JSON.stringify(init, (_, value) => (typeof value === "bigint" ? `n${value}` : value)),
    (_, value) =>
      typeof value === "string" && /^n\d$/.test(value) ? BigInt(value.slice(1)) : value,
  );
}
