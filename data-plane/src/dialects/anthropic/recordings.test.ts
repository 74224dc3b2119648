import { isRecord } from "@headgate/core";
import { describeExchanges } from "@headgate/testing/describe-exchanges";
import { expect, it } from "vitest";
import { anthropicApi } from "../../providers/anthropic/api.ts";
import { vertexClaudeApi } from "../../providers/vertex-claude/api.ts";
import { anthropicDialect } from "./dialect.ts";

type Json = Readonly<Record<string, unknown>>;

describeExchanges("Anthropic's recorded requests", (exchanges) => {
  const requests = exchanges
    .list({ providers: ["anthropic"] })
    .flatMap(({ name, kind, request }) =>
      isRecord(request?.body) ? [{ name, kind, body: request.body }] : [],
    )
    // Anthropic refused the others.
    .filter(({ body }) => Array.isArray(body["messages"]) && body["messages"].every(isRecord));

  it("are there", () => expect(requests.length).toBeGreaterThan(20));

  it.each(requests)("$name comes out as it went in", ({ kind, body }) => {
    const request = anthropicDialect.readRequest(body);
    const target = { ...nowhere, model: String(body["model"]) };
    const api = kind === "count_tokens" ? anthropicApi.countTokens : anthropicApi.chat;
    const sent = api?.request(request, target);
    expect(sent?.dropped).toEqual([]);
    expect(plainForm(sent?.body)).toEqual(plainForm(body));
  });

  it.each(requests)("$name reaches Vertex, too", ({ kind, body }) => {
    const request = anthropicDialect.readRequest(body);
    const target = { ...nowhere, model: String(body["model"]) };
    const api = kind === "count_tokens" ? vertexClaudeApi.countTokens : vertexClaudeApi.chat;
    const sent = { ...api?.request(request, target).body, model: body["model"] };
    const { anthropic_version: version, ...rest } = sent as Json;
    expect(version).toBe("vertex-2023-10-16");
    expect(plainForm(rest)).toEqual(plainForm(body));
  });
});

const nowhere = { basePath: "", apiVersion: "", keepAlive: "", project: "p", location: "l" };

/** One form of what can be said in more than one way. */
function plainForm(body: unknown): unknown {
  if (!isRecord(body)) return body;
  const { output_format: early, output_config: config, stream, tools, ...rest } = body;
  const messages = Array.isArray(body["messages"]) ? body["messages"] : [];
  const format = early === undefined ? {} : { format: early };
  return {
    ...rest,
    ...(stream === true && { stream }),
    ...(Array.isArray(tools) && tools.length > 0 && { tools }),
    ...((config !== undefined || early !== undefined) && {
      output_config: { ...(isRecord(config) ? config : {}), ...format },
    }),
    ...(body["system"] !== undefined && { system: blocks(body["system"]) }),
    messages: messages.map((message) => ({ ...message, content: blocks(message.content) })),
  };
}

function blocks(content: unknown): unknown {
  if (typeof content === "string") return [{ type: "text", text: content }];
  if (!Array.isArray(content)) return content;
  return content.map((block: Json) =>
    block["type"] === "tool_result" ? { ...block, content: blocks(block["content"]) } : block,
  );
}
