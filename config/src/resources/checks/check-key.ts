import { z } from "zod";
import {
  atMost,
  headerWord,
  modelGlob,
  noLimitsYet,
  optionalResourceName,
  readByLoader,
  resourceName,
  textUpTo,
} from "./common.ts";

/** Short enough to type, too long to guess. */
const secretMinLength = 16;

const secretHashPattern = /^(hmac-sha256:[0-9a-f]{64})?$/;

/** What a key says of itself. Checked 100,000 times in a row, so it stays plain. */
export const keyCheck = z
  .object({
    name: resourceName,
    team: optionalResourceName,
    user: textUpTo(256).regex(/^\P{Cc}*$/u, "has a control character"),
    secret: headerWord(512).refine((secret) => secret === "" || secret.length >= secretMinLength, {
      error: `is too short: a secret has at least ${secretMinLength} characters`,
    }),
    secretFrom: readByLoader("secret"),
    secretHash: z
      .string()
      .regex(secretHashPattern, 'must be "hmac-sha256:" and 64 hex digits in lower case'),
    models: atMost(modelGlob, "models"),
    limits: noLimitsYet,
  })
  .superRefine((key, context) => {
    if (key.secret === "" || key.secretHash === "") return;
    const message = "give either secret or secret_hash, not both";
    context.addIssue({ code: "custom", path: ["secretHash"], message });
  });
