import type { ServerResponse } from "node:http";
import { Fault } from "@headgate/core";
import { mayUse, resolveModel } from "../pipeline/resolve-model.ts";
import type { RoutedKey, RoutedModel } from "../routing/routed.ts";
import type { RoutingTable } from "../routing/routing-table.ts";
import { sendJson } from "./respond.ts";

/** https://platform.openai.com/docs/api-reference/models/list: the models the key may use. */
export function sendModels(
  response: ServerResponse,
  key: RoutedKey,
  table: RoutingTable,
  headers: readonly string[],
): void {
  const models = [...table.models.values()].filter(({ name }) => mayUse(key, name));
  sendJson(response, 200, { object: "list", data: models.map(shown) }, headers);
}

/**
 * https://platform.openai.com/docs/api-reference/models/retrieve
 * @throws {Fault} model_not_found, for those the key may not use as well.
 */
export function sendModel(
  response: ServerResponse,
  name: string,
  key: RoutedKey,
  table: RoutingTable,
  headers: readonly string[],
): void {
  if (!mayUse(key, name)) {
    const message = `The model ${JSON.stringify(name.slice(0, 128))} does not exist, or the key may not use it.`;
    throw new Fault("model_not_found", message, { param: "model" });
  }
  sendJson(response, 200, shown(resolveModel(name, key, table)), headers);
}

function shown(model: RoutedModel): object {
  return { id: model.name, object: "model", created: model.created, owned_by: "headgate" };
}
