import { Fault, scanMembers } from "@headgate/core";
import { describe, expect, it } from "vitest";
import { sealEnvelope } from "../dialects/openai-responses/reasoning-envelope.ts";
import { markResponseId } from "./response-ids.ts";
import { upstreamResponsesBody } from "./responses-body.ts";

const ours = sealEnvelope({
  belongsTo: { kind: "reasoning" },
  signature: { vendor: "anthropic", value: "sig" },
});
const thought = { type: "reasoning", id: "rs_1", summary: [], encrypted_content: ours };
const openAis = { type: "reasoning", id: "rs_2", summary: [], encrypted_content: "gAAA" };

describe("upstreamResponsesBody()", () => {
  it.each([
    {
      name: "puts the provider's name of the model in, and leaves all else",
      body: '{ "model" : "m", "input":"\\u00e9 x",  "n":1.0 }',
      sent: '{ "model" : "gpt", "input":"\\u00e9 x",  "n":1.0 }',
    },
    {
      name: "gives back the provider's own id of the previous response",
      body: `{"previous_response_id":"${markResponseId("resp_1", "d")}","model":"gpt"}`,
      sent: '{"previous_response_id":"resp_1","model":"gpt"}',
    },
    {
      name: "leaves an id without a mark, and null",
      body: '{"previous_response_id":"resp_1","model":"gpt"}',
      sent: '{"previous_response_id":"resp_1","model":"gpt"}',
    },
    {
      name: "takes out thoughts that only another vendor can read",
      body: JSON.stringify({
        model: "gpt",
        input: [thought, openAis, { role: "user", content: "x" }],
      }),
      sent: JSON.stringify({ model: "gpt", input: [openAis, { role: "user", content: "x" }] }),
    },
    {
      name: "leaves thoughts of OpenAI as they stand",
      body: '{"model":"gpt","input":[ {"type":"reasoning","encrypted_content":"gAAA"} ]}',
      sent: '{"model":"gpt","input":[ {"type":"reasoning","encrypted_content":"gAAA"} ]}',
    },
  ])("$name", ({ body, sent }) => {
    expect(upstream(body)).toBe(sent);
  });
});

function upstream(body: string): string {
  const bytes = Buffer.from(body);
  const scanned = scanMembers(bytes);
  if (!scanned.ok) throw new Fault("invalid_json", scanned.message);
  const { members, bodyStart } = scanned;
  const model = members.get("model");
  return Buffer.from(upstreamResponsesBody({ bytes, bodyStart, members, model }, "gpt")).toString();
}
