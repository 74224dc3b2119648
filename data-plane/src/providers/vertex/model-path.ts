import { encodeResource } from "../gemini/model-path.ts";
import type { Target } from "../provider-api.ts";

/**
 * Path of a model's methods:
 * https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference
 */
export function vertexModelPath({ model, basePath, project, location }: Target): string {
  const name = resourceName(model);
  // A resource named in full, and the API that goes by an API key, have their project elsewhere.
  if (name.startsWith("projects/") || project === "") return `${basePath}/${encodeResource(name)}`;
  const parent = encodeResource(`projects/${project}/locations/${location}`);
  return `${basePath}/${parent}/${encodeResource(name)}`;
}

/** Google's own model, unless it says whose it is, or is an endpoint (a tuned model). */
function resourceName(model: string): string {
  if (/^(publishers|projects|endpoints)\//.test(model)) return model;
  const [publisher, name] = model.replace(/^models\//, "").split("/", 2);
  return name === undefined
    ? `publishers/google/models/${publisher}`
    : `publishers/${publisher}/models/${name}`;
}
