import { Fault, globMatches } from "@headgate/core";
import type { RoutedKey, RoutedModel } from "../routing/routed.ts";
import type { RoutingTable } from "../routing/routing-table.ts";

/**
 * The model called for, if the key may use it.
 * @throws {Fault} model_not_allowed or model_not_found. A key learns only of models it may use.
 */
export function resolveModel(name: string, key: RoutedKey, table: RoutingTable): RoutedModel {
  const shown = JSON.stringify(name.length > 128 ? `${name.slice(0, 128)}…` : name);
  if (!mayUse(key, name)) {
    const message = `The API key may not use the model ${shown}: GET /v1/models lists those it may.`;
    throw new Fault("model_not_allowed", message, { param: "model" });
  }
  const model = table.models.get(name);
  if (!model) {
    const message = `The model ${shown} does not exist: GET /v1/models lists those that do.`;
    throw new Fault("model_not_found", message, { param: "model" });
  }
  return model;
}

export function mayUse(key: RoutedKey, model: string): boolean {
  return key.models.length === 0 || key.models.some((pattern) => globMatches(pattern, model));
}
