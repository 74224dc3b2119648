import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { type Clock, Fault, isRecord, parseJson } from "@headgate/core";
import type { Dispatcher } from "undici";
import request from "undici/lib/api/api-request.js";
import { authenticate } from "../pipeline/authenticate.ts";
import { ClientWatch } from "../pipeline/call.ts";
import { mayUse } from "../pipeline/resolve-model.ts";
import { deploymentTag, markResponseId, readResponseId } from "../relay/response-ids.ts";
import { editResponse } from "../relay/responses-object.ts";
import { ResponsesStream } from "../relay/responses-stream.ts";
import type { Deployment, RoutedKey } from "../routing/routed.ts";
import type { RoutingTable } from "../routing/routing-table.ts";
import type { Deadlines } from "../upstream/deadlines.ts";
import type { UpstreamPools } from "../upstream/upstream-pools.ts";
import { sendBytes } from "./respond.ts";

/** What is asked of a response that a provider keeps. */
export interface StoredResponse {
  readonly id: string;
  /** Behind the id: "", "/cancel" or "/input_items". */
  readonly action: string;
}

export interface StoredResponseDeps {
  readonly clock: Clock;
  readonly table: RoutingTable;
  readonly pools: UpstreamPools;
  readonly deadlines: Deadlines;
}

/**
 * Fetch, delete or cancel a response at the deployment that its id names. Nothing is retried: no
 * other deployment has it.
 *
 * https://platform.openai.com/docs/api-reference/responses
 * @throws {Fault} invalid_api_key, response_not_found, or upstream_unavailable.
 */
export async function relayStoredResponse(
  { id, action }: StoredResponse,
  exchange: { readonly request: IncomingMessage; readonly response: ServerResponse },
  options: { readonly deps: StoredResponseDeps; readonly headers: readonly string[] },
): Promise<void> {
  const { request, response } = exchange;
  const { deps, headers } = options;
  const key = authenticate(request.headers, deps.table);
  const { deployment, original } = keeperOf(id, key, deps.table);
  const base = deployment.vendor.relayPath("responses", deployment.target) ?? "";
  const path = `${base}/${encodeURIComponent(original)}${action}${queryOf(request.url ?? "")}`;
  const client = new ClientWatch(response);
  const answer = await ask({ deployment, path, method: request.method ?? "GET", client }, deps);
  const sent = [...headers, "x-headgate-deployment", deployment.id];
  const type = String(answer.headers["content-type"] ?? "application/json");
  if (answer.statusCode === 401 || answer.statusCode === 403) throw credentialsRejected(deployment);
  if (type.startsWith("text/event-stream")) {
    return relayStream(answer.body, {
      response,
      deployment,
      headers: [...sent, "content-type", type],
    });
  }
  const body = Buffer.from(await answer.body.arrayBuffer());
  const ok = answer.statusCode >= 200 && answer.statusCode <= 299;
  const shown = ok ? withMarkedId(body, deployment.id) : body;
  sendBytes(response, answer.statusCode, shown, [
    ...sent,
    "content-type",
    type,
    ...(ok ? [] : ["x-headgate-error-source", "upstream"]),
  ]);
}

/** The deployment with this response, among those of models the key may use. */
function keeperOf(
  id: string,
  key: RoutedKey,
  table: RoutingTable,
): { readonly deployment: Deployment; readonly original: string } {
  const marked = readResponseId(id);
  if (marked) {
    for (const model of table.models.values()) {
      if (!mayUse(key, model.name)) continue;
      const deployment = model.tiers.flat().find((one) => deploymentTag(one.id) === marked.tag);
      if (deployment) return { deployment, original: marked.original };
    }
  }
  const message = `The response ${JSON.stringify(id.slice(0, 128))} is kept by no deployment that the API key may use.`;
  throw new Fault("response_not_found", message);
}

async function ask(
  asked: {
    readonly deployment: Deployment;
    readonly path: string;
    readonly method: string;
    readonly client: ClientWatch;
  },
  { clock, table, pools, deadlines }: StoredResponseDeps,
): Promise<Dispatcher.ResponseData> {
  const { deployment, path, client } = asked;
  const timeout = new AbortController();
  const deadline = {
    deadlineMs: clock.now() + table.policy.totalTimeoutMs,
    expire: () => timeout.abort(),
  };
  deadlines.add(deadline);
  client.onGone(() => timeout.abort());
  // undici's types have the methods one by one, and a mutable list.
  const method = asked.method as Dispatcher.HttpMethod;
  const headers = deployment.headers.plain as string[];
  const { signal } = timeout;
  try {
    const pool = pools.get(deployment.origin);
    return await request.call(pool, { method, path, headers, signal });
  } catch (cause) {
    if (client.gone) throw new Fault("client_closed", "The client went away.", { cause });
    const message = `The provider ${deployment.provider} could not be asked for the response.`;
    throw new Fault("upstream_unavailable", message, { cause });
  } finally {
    deadlines.remove(deadline);
  }
}

/** A response that is still being made can be followed again (`?stream=true`). */
async function relayStream(
  body: Dispatcher.ResponseData["body"],
  {
    response,
    deployment,
    headers,
  }: {
    readonly response: ServerResponse;
    readonly deployment: Deployment;
    readonly headers: readonly string[];
  },
): Promise<void> {
  const stream = new ResponsesStream(deployment.id);
  response.writeHead(200, [...headers, "cache-control", "no-cache", "x-accel-buffering", "no"]);
  await pipeline(
    body,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) yield stream.push(chunk);
      yield stream.end();
    },
    response,
  );
}

/** Of lists, the entries have ids of their own kind. */
function withMarkedId(body: Buffer, deploymentId: string): Buffer {
  const value = parseJson(body.toString("utf8"));
  if (!isRecord(value)) return body;
  if (value["object"] === "response") return editResponse(body, deploymentId);
  const { id } = value as { readonly id?: unknown };
  if (value["object"] !== "response.deleted" || typeof id !== "string") return body;
  return Buffer.from(JSON.stringify({ ...value, id: markResponseId(id, deploymentId) }));
}

function credentialsRejected({ provider }: Deployment): Fault {
  const message = `The provider ${provider} refused the gateway's credential: its operator must look.`;
  return new Fault("upstream_credentials_rejected", message);
}

function queryOf(url: string): string {
  const at = url.indexOf("?");
  return at < 0 ? "" : url.slice(at);
}
