import { Fault } from "@headgate/core";
import type { Endpoint } from "../http/routes.ts";
import { deploymentTag, readResponseId } from "../relay/response-ids.ts";
import type { Deployment, RoutedModel, Tiers } from "../routing/routed.ts";
import type { CallRequest } from "./read-request.ts";

/**
 * The deployments of a model that can answer a call: those with vectors for embeddings; for a
 * response that goes on from an earlier one, the deployment that keeps the earlier one.
 *
 * @throws {Fault} unsupported_endpoint, or invalid_value for an earlier response kept nowhere here.
 */
export function tiersFor(endpoint: Endpoint, model: RoutedModel, request: CallRequest): Tiers {
  if (endpoint === "responses") return responsesTiers(model, request);
  if (endpoint !== "embeddings") return model.tiers;
  if (model.embeddingTiers.length > 0 || model.tiers.length === 0) return model.embeddingTiers;
  const message = `No deployment of the model ${JSON.stringify(model.name)} makes embeddings.`;
  throw new Fault("unsupported_endpoint", message, { param: "model" });
}

function responsesTiers(model: RoutedModel, request: CallRequest): Tiers {
  const previous = request.text("previous_response_id");
  if (previous === undefined) return model.tiers;
  const marked = readResponseId(previous);
  // An id without our mark was given out by a provider: whoever speaks the API may know it.
  const keeps = marked
    ? ({ id }: Deployment) => deploymentTag(id) === marked.tag
    : ({ vendor, target }: Deployment) => vendor.relayPath("responses", target) !== undefined;
  const tiers = model.tiers.map((tier) => tier.filter(keeps)).filter((tier) => tier.length > 0);
  if (tiers.length > 0) return tiers;
  const message = `The response ${JSON.stringify(previous.slice(0, 128))} is kept by no deployment of this model: send the whole conversation as input.`;
  throw new Fault("invalid_value", message, { param: "previous_response_id" });
}
