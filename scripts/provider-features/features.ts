/** A body of /v1/chat/completions, as a client writes it. */
export type Body = Readonly<Record<string, unknown>>;

/** One thing a client may ask for. */
export interface Feature {
  readonly name: string;
  readonly asked: Body;
  /** What it is asked beside; the table tells what the feature adds to that. */
  readonly beside?: Body;
}

export interface FeatureGroup {
  readonly title: string;
  readonly features: readonly Feature[];
}

/** The least of requests. */
export const question: Body = { model: "m", messages: [user("Hi")] };

export const featureGroups: readonly FeatureGroup[] = [
  {
    title: "Messages",
    features: [
      { name: "text", asked: { messages: [user("Hello")] } },
      { name: "system message", asked: { messages: [said("system"), user("Hi")] } },
      { name: "developer message", asked: { messages: [said("developer"), user("Hi")] } },
      { name: "`name` of a participant", asked: { messages: [{ ...user("Hi"), name: "ada" }] } },
      withPart("image, as data", image("data:image/png;base64,iVBORw0KGgo=")),
      withPart("image, by URL", image("https://example.com/a.png")),
      withPart("audio", { type: "input_audio", input_audio: { data: "UklGRg==", format: "wav" } }),
      withPart("PDF, as data", pdf("data:application/pdf;base64,JVBERi0=")),
      withPart("PDF, by URL", pdf("https://example.com/a.pdf")),
      withPart("`cache_control`", textPart({ cache_control: { type: "ephemeral" } }), textPart({})),
    ],
  },
  {
    title: "Tools",
    features: [
      { name: "`tools`", asked: withTools() },
      { name: "`functions`, as before", asked: { functions: [weather().function] } },
      { name: "`strict`", asked: withTools({ strict: true }), beside: withTools() },
      choice("auto", "auto"),
      choice("none", "none"),
      choice("required", "required"),
      choice("a function", { type: "function", function: { name: "clock" } }),
      choice("`allowed_tools`", {
        type: "allowed_tools",
        allowed_tools: { mode: "auto", tools: [{ type: "function", function: { name: "clock" } }] },
      }),
      {
        name: "`parallel_tool_calls: false`",
        asked: { ...withTools(), parallel_tool_calls: false },
        beside: withTools(),
      },
      {
        name: "call and its result",
        asked: { ...withTools(), ...called("Sun") },
        beside: withTools(),
      },
      {
        name: "image as a result",
        asked: { ...withTools(), ...called([image("data:image/png;base64,iVBORw0KGgo=")]) },
        beside: { ...withTools(), ...called("Sun") },
      },
    ],
  },
  {
    title: "Answer",
    features: [
      { name: "`json_object`", asked: { response_format: { type: "json_object" } } },
      { name: "`json_schema`", asked: { response_format: jsonSchema() } },
      { name: "`max_completion_tokens`", asked: { max_completion_tokens: 2000 } },
      { name: "`stop`", asked: { stop: ["END"] } },
      { name: "`n`", asked: { n: 2 } },
      { name: "`logprobs`", asked: { logprobs: true, top_logprobs: 2 } },
    ],
  },
  {
    title: "Reasoning",
    features: [
      { name: "`reasoning_effort`", asked: { reasoning_effort: "medium" } },
      { name: "`reasoning_effort: none`", asked: { reasoning_effort: "none" } },
      { name: "`reasoning`", asked: { reasoning: { max_tokens: 4000 } } },
      { name: "`thinking`", asked: { thinking: { type: "enabled", budget_tokens: 4000 } } },
      thoughts("Claude's thoughts, given back", "anthropic"),
      thoughts("Gemini's thoughts, given back", "gemini"),
    ],
  },
  {
    title: "Sampling",
    features: [
      { name: "`temperature`", asked: { temperature: 0.5 } },
      { name: "`top_p`", asked: { top_p: 0.5 } },
      { name: "`top_k`", asked: { top_k: 20 } },
      { name: "`seed`", asked: { seed: 7 } },
      { name: "`frequency_penalty`", asked: { frequency_penalty: 0.5 } },
      { name: "`presence_penalty`", asked: { presence_penalty: 0.5 } },
      { name: "`logit_bias`", asked: { logit_bias: { "50256": -100 } } },
    ],
  },
  {
    title: "Rest",
    features: [
      { name: "`user`", asked: { user: "ada" } },
      { name: "`metadata`, `store`", asked: { metadata: { a: "b" }, store: true } },
      { name: "`service_tier`", asked: { service_tier: "auto" } },
      { name: "a member nobody knows", asked: { frobnicate: 1 } },
    ],
  },
];

function user(content: unknown): Body {
  return { role: "user", content };
}

function said(role: string): Body {
  return { role, content: "Hi" };
}

function withPart(name: string, part: Body, instead?: Body): Feature {
  const messages = (last: Body): Body => ({ messages: [user([textPart({}), last])] });
  return { name, asked: messages(part), ...(instead && { beside: messages(instead) }) };
}

function textPart(more: Body): Body {
  return { type: "text", text: "Hi", ...more };
}

function image(url: string): Body {
  return { type: "image_url", image_url: { url } };
}

function pdf(file_data: string): Body {
  return { type: "file", file: { filename: "a.pdf", file_data } };
}

function weather(more: Body = {}) {
  const parameters = {
    type: "object",
    properties: { town: { type: "string" } },
    required: ["town"],
    additionalProperties: false,
  };
  return { type: "function", function: { name: "weather", parameters, ...more } };
}

function withTools(more: Body = {}): Body {
  return { tools: [weather(more), weather({ name: "clock" })] };
}

function choice(name: string, tool_choice: unknown): Feature {
  const beside = withTools();
  return { name: `\`tool_choice\`: ${name}`, asked: { ...beside, tool_choice }, beside };
}

function called(content: unknown): Body {
  const call = { id: "call_1", type: "function", function: { name: "weather", arguments: "{}" } };
  const result = { role: "tool", tool_call_id: "call_1", content };
  return { messages: [user("Hi"), { role: "assistant", tool_calls: [call] }, result] };
}

function jsonSchema(): Body {
  const schema = weather().function.parameters;
  return { type: "json_schema", json_schema: { name: "town", strict: true, schema } };
}

function thoughts(name: string, vendor: string): Feature {
  const details = [{ type: "reasoning.text", index: 0, text: "Hm", signature: "c2ln", vendor }];
  const messages = (more: Body): Body => ({
    messages: [user("Hi"), { role: "assistant", content: "Hello", ...more }, user("Hi")],
  });
  return { name, asked: messages({ reasoning_details: details }), beside: messages({}) };
}
