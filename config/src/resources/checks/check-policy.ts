import type { Duration } from "@bufbuild/protobuf/wkt";
import { resources } from "@headgate/proto";
import { z } from "zod";
import { durationMs, formatDuration } from "../../duration.ts";
import { atMost, unsetUntilHonoured } from "./common.ts";

/** Longer than any answer takes. */
const timeoutMaxMs = 24 * 60 * 60 * 1_000;

const attemptsMax = 10;

/** A name of an outcome, a status, or a class of statuses. Only errors can be retried. */
const retryOnPattern = /^(connect_error|timeout|[45]\d\d|[45]xx)$/;

const retryOn = z.string().regex(retryOnPattern, {
  error: ({ input }) =>
    `"${String(input).slice(0, 40)}" is none of connect_error, timeout, ` +
    'an error status such as "429", or a class "4xx" or "5xx"',
});

const attempts = z
  .number()
  .refine((value) => value >= 1 && value <= attemptsMax, `must be from 1 to ${attemptsMax}`);

const retry = z.object({
  maxAttempts: attempts.optional(),
  budgetPercent: z.number().max(100, "must be from 0 to 100").optional(),
  on: z.array(retryOn).max(100, "has too many entries: at most 100"),
});

const duration = z.custom<Duration>();

const timeout = duration
  .refine((value) => durationMs(value) >= 1, "is too short: at least 1ms")
  .refine((value) => durationMs(value) <= timeoutMaxMs, "is too long: at most 24h")
  .optional();

const timeouts = z
  .object({ connect: timeout, firstToken: timeout, idle: timeout, total: timeout })
  .superRefine((value, context) => {
    for (const part of ["connect", "firstToken", "idle"] as const) {
      const message = partProblem(value[part], value.total);
      if (message !== undefined) context.addIssue({ code: "custom", path: [part], message });
    }
  });

const queue = z.custom<resources.Queue>().refine(isNoQueue, {
  error: "not honoured yet: queue, remove it (only queue: {max_wait: 0s}, which refuses at once)",
});

const unsupportedParametersValues: readonly number[] = Object.values(
  resources.UnsupportedParameters,
);

/** An open enum: a newer control plane may send numbers that are unknown here. */
const unsupportedParameters = z
  .number()
  .refine((value) => unsupportedParametersValues.includes(value), "use one of drop, strict");

/** A name, an IPv4 address, or an IPv6 address in brackets, as in the host of a URL. */
const allowedHost = z
  .string()
  .max(253, "is too long: at most 253 characters")
  .regex(/^([a-z0-9]([a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])$/i, {
    error: ({ input }) =>
      `"${String(input).slice(0, 60)}" is not a host: give a name or an address, ` +
      'without scheme, port or *, such as "files.example.com"',
  });

/** A request carries it in base64, and so does memory. */
const fetchBytesMax = 100 * 1024 * 1024;

const fetch = z.object({
  disabled: z.boolean(),
  allowHosts: atMost(allowedHost, "hosts"),
  maxBytes: z
    .number()
    .refine((value) => value >= 1 && value <= fetchBytesMax, `must be from 1 to ${fetchBytesMax}`)
    .optional(),
  timeout,
});

/** What the policy says of itself. */
export const policyCheck = z.object({
  name: z.literal("default", { error: 'there is one policy, and its name is "default"' }),
  retry: retry.optional(),
  timeouts: timeouts.optional(),
  breaker: unsetUntilHonoured("breaker"),
  queue: queue.optional(),
  unsupportedParameters,
  fetch: fetch.optional(),
});

function partProblem(part: Duration | undefined, total: Duration | undefined): string | undefined {
  if (!part || !total || durationMs(part) <= durationMs(total)) return undefined;
  return `${formatDuration(part)} is longer than total, ${formatDuration(total)}: nothing waits that long`;
}

/** Refusing at once is what happens without a queue. */
function isNoQueue(value: resources.Queue): boolean {
  const waits = value.maxWait !== undefined && durationMs(value.maxWait) !== 0;
  return !waits && value.maxLength === undefined;
}
