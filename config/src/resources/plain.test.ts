import { create, equals, type MessageInitShape } from "@bufbuild/protobuf";
import { resources } from "@headgate/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatProblem } from "../problem.ts";
import { formatResourceSet } from "./format-resource-set.ts";
import { loadResourceSet } from "./load-resource-set.ts";
import { fromPlain, toPlain } from "./plain.ts";

const { Per, ProviderType, Strategy } = resources;

describe("toPlain()", () => {
  it("speaks as the YAML does", () => {
    const set = create(resources.ResourceSetSchema, {
      providers: [
        {
          name: "p",
          type: ProviderType.OPENAI_COMPATIBLE,
          baseUrl: "http://h/v1",
          credentials: [{ name: "c", weight: 0 }],
        },
      ],
      models: [{ name: "m", strategy: Strategy.ROUND_ROBIN }],
      teams: [
        {
          name: "t",
          limits: [{ amount: { case: "inputTokens", value: 2n ** 60n }, per: Per.MINUTE }],
          metadata: { revision: 7n, createTime: { seconds: 0n, nanos: 5_000_000 } },
        },
      ],
      policy: { name: "default", timeouts: { idle: { seconds: 1n, nanos: 500_000_000 } } },
    });
    expect(toPlain(resources.ResourceSetSchema, set)).toEqual({
      providers: [
        {
          name: "p",
          type: "openai-compatible",
          base_url: "http://h/v1",
          credentials: [{ name: "c", weight: 0 }],
        },
      ],
      models: [{ name: "m", strategy: "round_robin" }],
      teams: [
        {
          name: "t",
          limits: [{ input_tokens: "1152921504606846976", per: "minute" }],
          metadata: { revision: 7, create_time: "1970-01-01T00:00:00.005Z" },
        },
      ],
      policy: { name: "default", timeouts: { idle: "1.5s" } },
    });
  });

  it("is undone by fromPlain(), for every set", () => {
    fc.assert(
      fc.property(sets, (init) => {
        const set = create(resources.ResourceSetSchema, init);
        const plain = toPlain(resources.ResourceSetSchema, set);
        const back = fromPlain(resources.ResourceSetSchema, JSON.parse(JSON.stringify(plain)));
        if (!back.ok) throw new Error(back.problems.map(formatProblem).join("\n"));
        expect(equals(resources.ResourceSetSchema, back.message, set)).toBe(true);
      }),
    );
  });
});

describe("fromPlain()", () => {
  it("names what does not fit, without places", () => {
    const result = fromPlain(resources.TeamSchema, { name: 1, limit: [] });
    expect(result.ok ? [] : result.problems.map(formatProblem)).toEqual([
      'name: expected a text, got the number 1: quote it, "1"',
      'limit: unknown key "limit" (did you mean "limits"?): known are name, limits',
    ]);
  });
});

describe("formatResourceSet()", () => {
  it("writes what loadResourceSet() reads back as the same, for every valid set", () => {
    fc.assert(
      fc.property(validSets, (init) => {
        const set = create(resources.ResourceSetSchema, init);
        const text = formatResourceSet(set);
        const result = loadResourceSet({ text, env: {}, readFile: () => "" });
        if (!result.ok)
          throw new Error(`${result.problems.map(formatProblem).join("\n")}\n${text}`);
        expect(equals(resources.ResourceSetSchema, result.resources, set)).toBe(true);
      }),
    );
  });
});

const anyText = fc.string({ unit: "grapheme", maxLength: 12 });
const awkward = fc.constantFrom(
  "$" + "{X}",
  "$$" + "{X:-}",
  "on",
  "null",
  "0x1F",
  "1e3",
  " a ",
  "#",
  "- a",
);
const texts = fc.oneof(anyText, awkward);

const durations = fc.record({
  seconds: fc.bigInt({ min: 1n, max: 80_000n }),
  nanos: fc.integer({ min: 0, max: 999_999_999 }),
});

const limits = fc.array(
  fc.record({
    amount: fc.oneof(
      fc.record({
        case: fc.constant("tokens" as const),
        value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      }),
      fc.record({
        case: fc.constant("usd" as const),
        value: fc
          .double({ min: 0, max: 1e20, noNaN: true, noDefaultInfinity: true })
          .map((x) => x + 0),
      }),
    ),
    per: fc.constantFrom(Per.UNSPECIFIED, Per.SECOND, Per.MONTH),
    model: texts,
  }),
  { maxLength: 2 },
);

/** Any shape, sensible or not. */
const sets: fc.Arbitrary<MessageInitShape<typeof resources.ResourceSetSchema>> = fc.record({
  providers: fc.array(
    fc.record({
      name: texts,
      type: fc.constantFrom(...Object.values(ProviderType)),
      project: texts,
      credentials: fc.array(
        fc.record({ name: texts, weight: fc.option(fc.nat(), { nil: undefined }), limits }),
        { maxLength: 2 },
      ),
    }),
    { maxLength: 2 },
  ),
  keys: fc.array(
    fc.record({
      name: texts,
      models: fc.array(texts, { maxLength: 3 }),
      revokeTime: durations,
      secretFrom: fc.record({
        command: fc.array(texts, { maxLength: 2 }),
        http: fc.record({ url: texts, headers: fc.dictionary(texts, texts, { maxKeys: 3 }) }),
      }),
    }),
    { maxLength: 2 },
  ),
  policy: fc.record({
    timeouts: fc.record({ idle: durations }),
    retry: fc.record({ maxAttempts: fc.option(fc.nat(), { nil: undefined }) }),
  }),
});

const names = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,20}$/);
const words = fc.oneof(
  fc.string({
    unit: fc.constantFrom("$", "{", "}", ":", "-", "a", "#", "'", '"', "1", "\\"),
    maxLength: 20,
  }),
  fc.stringMatching(/^[\x21-\x7e]{0,20}$/),
);
const userTexts = texts.filter((text) => /^\P{Cc}*$/u.test(text));

/** Sets that pass every check. */
const validSets: fc.Arbitrary<MessageInitShape<typeof resources.ResourceSetSchema>> = fc
  .record({
    providerNames: fc.uniqueArray(names, { minLength: 1, maxLength: 3 }),
    apiKey: words,
    keyNames: fc.uniqueArray(names, { maxLength: 3 }),
    secret: words,
    user: userTexts,
    weights: fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 3 }),
    total: durations,
    maxAttempts: fc.integer({ min: 1, max: 10 }),
  })
  .map((given) => ({
    providers: given.providerNames.map((name, index) => ({
      name,
      type: ProviderType.OLLAMA,
      credentials: [
        { name: `c${index}`, apiKey: given.apiKey, weight: index },
        { name: `d${index}` },
      ],
    })),
    models: [
      {
        name: "m",
        strategy: Strategy.WEIGHTED,
        deployments: given.weights.map((weight, priority) => ({
          provider: given.providerNames[0] ?? "",
          model: `m${weight}`,
          weight,
          priority,
        })),
      },
    ],
    keys: given.keyNames.map((name, index) => ({
      name,
      user: given.user,
      secret: `${given.secret}-0123456789abcdef-${index}`,
    })),
    policy: {
      name: "default",
      timeouts: { total: given.total },
      retry: { maxAttempts: given.maxAttempts, on: ["429", "5xx", "timeout"] },
    },
  }));
