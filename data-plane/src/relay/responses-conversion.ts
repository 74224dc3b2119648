import { isRecord, parseJson } from "@headgate/core";
import type { Conversion, PlainResult } from "./conversion.ts";
import { responsesError } from "./responses-error.ts";
import { mendParts } from "./responses-mend-parts.ts";
import { editResponse } from "./responses-object.ts";
import { ResponsesStream } from "./responses-stream.ts";
import { usageFromResponse } from "./responses-usage.ts";
import { notJson } from "./translated-conversion.ts";

export interface ResponsesRelayOptions {
  /** The deployment that keeps the responses: their ids name it (`response-ids.ts`). */
  readonly deploymentId: string;
}

/**
 * Answers of a provider that speaks the Responses API itself: its bytes, with ids that lead the next
 * request back to the deployment that knows them, and mended where it departs from the API.
 */
export function responsesRelay({ deploymentId }: ResponsesRelayOptions): Conversion {
  return {
    translates: false,
    passesOn: true,
    streamType: /^text\/event-stream\b/i,
    plain: (body) => plainAnswer(body, deploymentId),
    stream: () => new ResponsesStream(deploymentId),
  };
}

function plainAnswer(body: Buffer, deploymentId: string): PlainResult {
  const value = parseJson(body.toString("utf8"));
  if (value === undefined) return { kind: "invalid", what: notJson(body) };
  if (!isRecord(value)) return { kind: "invalid", what: "JSON that is not a response" };
  const isResponse = Array.isArray(value["output"]);
  if (value["status"] === "failed" || (value["error"] && !isResponse)) {
    return { kind: "error", error: responsesError({ error: value["error"] }) };
  }
  if (!isResponse) return { kind: "invalid", what: "JSON that is not a response" };
  const mended = mendParts(value);
  const bytes = mended ? Buffer.from(JSON.stringify(mended)) : body;
  const usage = usageFromResponse(value["usage"]);
  return { kind: "answer", body: editResponse(bytes, deploymentId), usage };
}
