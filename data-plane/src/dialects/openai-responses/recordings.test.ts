import { Fault, isRecord } from "@headgate/core";
import type { Exchange } from "@headgate/testing";
import { describeExchanges } from "@headgate/testing/describe-exchanges";
import { expect, it } from "vitest";
import { responsesDialect } from "./dialect.ts";

describeExchanges("Recorded requests of the Responses API", (exchanges) => {
  const recorded = exchanges
    .list({ kinds: ["responses", "responses-stream"] })
    .filter(({ request, response }) => isRecord(request?.body) && response.status < 300);

  it.each(recorded)("$name: is read, or refused for what no one keeps", (exchange) => {
    const body = bodyOf(exchange);
    const stored = ["previous_response_id", "conversation", "prompt"].filter((name) => body[name]);
    if (stored.length > 0 || JSON.stringify(body).includes("item_reference")) {
      expect(() => responsesDialect.readRequest(body)).toThrow(Fault);
      return;
    }
    const request = responsesDialect.readRequest(body);
    expect(request.stream).toBe(exchange.stream);
    expect(request.tools.length).toBe(Array.isArray(body["tools"]) ? body["tools"].length : 0);
    // Every string that the model is to see is somewhere in what was read.
    const read = JSON.stringify(request.messages);
    for (const text of textsOf(body["input"])) expect(read).toContain(JSON.stringify(text));
  });
});

function bodyOf({ request }: Exchange): Readonly<Record<string, unknown>> {
  return isRecord(request?.body) ? request.body : {};
}

function textsOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(textsOf);
  if (!isRecord(value)) return [];
  const own = ["text", "output", "arguments", "call_id", "content"].map((name) => value[name]);
  const texts = own.filter((text): text is string => typeof text === "string" && text !== "");
  return [...texts, ...Object.values(value).flatMap(textsOf)];
}
