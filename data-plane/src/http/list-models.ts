import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { Fault } from "@headgate/core";
import { mayUse, resolveModel } from "../pipeline/resolve-model.ts";
import type { RoutedKey, RoutedModel } from "../routing/routed.ts";
import type { RoutingTable } from "../routing/routing-table.ts";
import { sendJson } from "./respond.ts";

export interface ListOptions {
  readonly key: RoutedKey;
  readonly table: RoutingTable;
  /** The client speaks Anthropic's dialect; see isAnthropicClient(). */
  readonly anthropic: boolean;
  readonly headers: readonly string[];
}

/** Anthropic's clients always name a version of its API. */
export function isAnthropicClient(headers: IncomingHttpHeaders): boolean {
  return headers["anthropic-version"] !== undefined;
}

/**
 * The models the key may use.
 * https://platform.openai.com/docs/api-reference/models/list, https://docs.anthropic.com/en/api/models-list
 */
export function sendModels(response: ServerResponse, options: ListOptions): void {
  const { key, table, anthropic, headers } = options;
  const models = [...table.models.values()].filter(({ name }) => mayUse(key, name));
  if (!anthropic) {
    return sendJson(response, 200, { object: "list", data: models.map(openAiModel) }, headers);
  }
  const ends = { first_id: models[0]?.name ?? null, last_id: models.at(-1)?.name ?? null };
  const list = { data: models.map(anthropicModel), has_more: false, ...ends };
  sendJson(response, 200, list, headers);
}

/**
 * https://platform.openai.com/docs/api-reference/models/retrieve
 * @throws {Fault} model_not_found, for those the key may not use as well.
 */
export function sendModel(response: ServerResponse, name: string, options: ListOptions): void {
  const { key, table, anthropic, headers } = options;
  if (!mayUse(key, name)) {
    const message = `The model ${JSON.stringify(name.slice(0, 128))} does not exist, or the key may not use it.`;
    throw new Fault("model_not_found", message, { param: "model" });
  }
  const model = resolveModel(name, key, table);
  sendJson(response, 200, anthropic ? anthropicModel(model) : openAiModel(model), headers);
}

function openAiModel({ name, created }: RoutedModel): object {
  return { id: name, object: "model", created, owned_by: "headgate" };
}

function anthropicModel({ name, created }: RoutedModel): object {
  const created_at = new Date(created * 1000).toISOString();
  return { type: "model", id: name, display_name: name, created_at };
}
