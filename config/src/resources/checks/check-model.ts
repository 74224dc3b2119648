import { resources } from "@headgate/proto";
import { z } from "zod";
import { enumWord } from "../enum-words.ts";
import {
  atMost,
  notHonoured,
  regionName,
  resourceName,
  textUpTo,
  unsetUntilHonoured,
  weight,
} from "./common.ts";

const { Strategy, StrategySchema } = resources;

const strategies: ReadonlySet<number> = new Set([
  Strategy.UNSPECIFIED,
  Strategy.ROUND_ROBIN,
  Strategy.WEIGHTED,
  Strategy.SHUFFLE,
]);

const strategy = z.number().refine((value) => strategies.has(value), {
  error: ({ input }) => {
    const word = enumWord(StrategySchema, Number(input)) ?? String(input);
    return `not honoured yet: strategy ${word}, use one of round_robin, weighted, shuffle`;
  },
});

/** Tiers are tried in turn; more of them than attempts make no sense. */
const priorityMax = 100;

/** Each may name a provider of its own, and a write compares them all in one transaction of 128. */
const deploymentsMax = 100;

/** US dollars per million tokens. The dearest models ask some hundreds. */
const priceMax = 1_000_000;

const perMillion = z
  .number()
  .refine(
    (value) => value >= 0 && value <= priceMax,
    `must be from 0 to ${priceMax} US dollars per million tokens`,
  );

const price = z.object({
  inputPerMtok: perMillion,
  outputPerMtok: perMillion,
  cachedInputPerMtok: perMillion.optional(),
  cacheWritePerMtok: perMillion.optional(),
});

const deployment = z.object({
  provider: resourceName,
  model: textUpTo(256).regex(/^[^\s\p{Cc}]*$/u, "has a space or a control character"),
  weight,
  priority: z.number().max(priorityMax, `is too large: a whole number from 0 to ${priorityMax}`),
  regions: atMost(regionName, "regions"),
  contextWindow: unsetUntilHonoured("context_window"),
  price: price.optional(),
  quality: z
    .unknown()
    .refine((value) => value === undefined, notHonoured("quality"))
    .optional(),
});

/** What a model says of itself. */
export const modelCheck = z
  .object({
    name: resourceName,
    strategy,
    deployments: atMost(deployment, "deployments", deploymentsMax).min(
      1,
      "is missing: give at least one",
    ),
    fallbacks: z.array(z.string()).max(0, notHonoured("fallbacks")),
    optimize: unsetUntilHonoured("optimize"),
  })
  .superRefine((model, context) => {
    const weights = model.deployments.map((one) => one.weight ?? 1);
    if (weights.length > 0 && weights.every((one) => one === 0)) {
      const message = "every deployment has weight 0, so none is used: give one a weight";
      context.addIssue({ code: "custom", path: ["deployments"], message });
    }
  });
