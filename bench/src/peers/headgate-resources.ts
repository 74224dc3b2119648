import { models, translatedModels } from "../upstream/models.ts";
import { keySecret } from "./headgate-command.ts";

/** One provider with all models of the fake one, one that speaks Anthropic's dialect, a team, and a key of that team. JSON is YAML too. */
export function resources(upstreamPort: number): string {
  return JSON.stringify({
    providers: [
      {
        name: "bench",
        type: "openai-compatible",
        base_url: `http://127.0.0.1:${upstreamPort}/v1`,
        credentials: [{ name: "bench-a", api_key: "sk-bench" }],
      },
      {
        name: "bench-claude",
        type: "anthropic",
        base_url: `http://127.0.0.1:${upstreamPort}`,
        credentials: [{ name: "bench-claude-a", api_key: "sk-bench" }],
      },
    ],
    models: [
      ...models.map(({ name }) => ({
        name,
        strategy: "round_robin",
        deployments: [{ provider: "bench", model: name }],
      })),
      ...translatedModels.map(({ name, upstream }) => ({
        name,
        deployments: [{ provider: "bench-claude", model: upstream }],
      })),
    ],
    teams: [{ name: "bench" }],
    keys: [{ name: "bench", team: "bench", user: "bench", secret: keySecret }],
  });
}
