import { isServiceTier } from "../../dialects/openai-chat/service-tier.ts";
import {
  anyOf,
  dropUnless,
  ensure,
  isInteger,
  isList,
  isString,
  isStringOrNull,
  type Json,
} from "./json.ts";

/** What every answer says of itself: id, object, created, model, and that it has choices. */
export function mendHead(answer: Json, object: string): boolean {
  const created = answer["created"];
  return anyOf(
    ensure(answer, "id", isString, ""),
    ensure(answer, "object", (value) => value === object, object),
    ensure(answer, "created", isInteger, typeof created === "number" ? Math.trunc(created) : 0),
    ensure(answer, "model", isString, ""),
    ensure(answer, "choices", isList, []),
    dropUnless(answer, "service_tier", (tier) => tier === null || isServiceTier(tier)),
    dropUnless(answer, "system_fingerprint", isStringOrNull),
  );
}
