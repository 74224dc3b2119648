import { errorInEvent } from "@headgate/core";
import { anyOf, ensure, isJson, isString, isStringOrNull, type Json } from "./json.ts";

/**
 * Gives an error event OpenAI's four members under `error`, without which its clients do not see
 * an error. Undefined if the event is none.
 */
export function mendError(event: Json): boolean | undefined {
  const told = errorInEvent(event);
  if (told === undefined) return undefined;
  const bare = told === event || typeof told === "string";
  if (told === event) event["error"] = { ...told };
  else if (typeof told === "string") event["error"] = { message: told };
  const error = event["error"];
  return anyOf(bare, isJson(error) && mendMembers(error));
}

function mendMembers(error: Json): boolean {
  const { code, param } = error;
  return anyOf(
    ensure(error, "message", isString, "The provider reported an error without a message."),
    ensure(error, "type", isString, "server_error"),
    ensure(error, "param", isStringOrNull, text(param)),
    ensure(error, "code", isStringOrNull, text(code)),
  );
}

function text(value: unknown): string | null {
  return typeof value === "number" ? String(value) : null;
}
