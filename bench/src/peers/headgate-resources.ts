import { models } from "../upstream/models.ts";
import { keySecret } from "./headgate-command.ts";

/** One provider with all models of the fake one, a team, and a key of that team. JSON is YAML too. */
export function resources(upstreamPort: number): string {
  return JSON.stringify({
    providers: [
      {
        name: "bench",
        type: "openai-compatible",
        base_url: `http://127.0.0.1:${upstreamPort}/v1`,
        credentials: [{ name: "bench-a", api_key: "sk-bench" }],
      },
    ],
    models: models.map(({ name }) => ({
      name,
      strategy: "round_robin",
      deployments: [{ provider: "bench", model: name }],
    })),
    teams: [{ name: "bench" }],
    keys: [{ name: "bench", team: "bench", user: "bench", secret: keySecret }],
  });
}
