import type { resources } from "@headgate/proto";
import type { Output } from "../io.ts";
import { paint } from "../paint.ts";

/** The one secret that is no secret: it stands in the quickstart file for all to read. */
const quickstartSecret = "sk-hg-quickstart";

export interface BannerFacts {
  readonly proxy: string;
  readonly admin: string;
  readonly telemetry: string;
  readonly adminTokenOrigin: string;
  readonly resources: resources.ResourceSet | undefined;
}

/** What to try first. For people: programs read the "ready" line of the log. */
export function banner(output: Output, facts: BannerFacts): string {
  const bold = (text: string): string => paint(output, "bold", text);
  const dim = (text: string): string => paint(output, "dim", text);
  return [
    "",
    bold("Headgate is ready."),
    "",
    `  proxy    ${facts.proxy}/v1`,
    `  admin    ${facts.admin} ${dim(`(token: ${facts.adminTokenOrigin})`)}`,
    `  metrics  ${facts.telemetry}/metrics`,
    "",
    ...whatToTry(facts, bold),
    "",
    "",
  ].join("\n");
}

function whatToTry(facts: BannerFacts, bold: (text: string) => string): readonly string[] {
  const model = facts.resources?.models[0]?.name;
  const key = facts.resources?.keys[0];
  if (model === undefined || key === undefined) {
    return [
      bold("Next, in another terminal:"),
      "  headgate apply -f headgate.yaml      providers and models",
      "  headgate keys create my-first-key",
    ];
  }
  const isPublic = key.secret === quickstartSecret;
  const bearer = isPublic ? quickstartSecret : "$HEADGATE_KEY";
  const node = isPublic ? `"${quickstartSecret}"` : "process.env.HEADGATE_KEY";
  return [
    bold(`Try${isPublic ? "" : ` (HEADGATE_KEY: the secret of the key ${key.name})`}:`),
    `  curl ${facts.proxy}/v1/chat/completions -H "authorization: Bearer ${bearer}" \\`,
    `    -H "content-type: application/json" \\`,
    `    -d '{"model": "${model}", "messages": [{"role": "user", "content": "Hello!"}]}'`,
    "",
    bold("Or with the official client (npm install openai):"),
    `  const client = new OpenAI({ baseURL: "${facts.proxy}/v1", apiKey: ${node} });`,
    "  const answer = await client.chat.completions.create({",
    `    model: "${model}", messages: [{ role: "user", content: "Hello!" }],`,
    "  });",
  ];
}
