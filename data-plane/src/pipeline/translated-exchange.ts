import { Fault, parseJson } from "@headgate/core";
import type { ChatRequest } from "../chat/chat-request.ts";
import type { WriteContext } from "../dialects/dialect.ts";
import { readEmbeddingsRequest } from "../dialects/openai-embeddings/read-request.ts";
import { chatDialects } from "../dialects/registry.ts";
import { inlineMedia } from "../media/inline-media.ts";
import { asksForUsage } from "../providers/openai/request-body.ts";
import type { VendorRequest } from "../providers/provider-api.ts";
import type { Conversion } from "../relay/conversion.ts";
import { notJson, translatedConversion } from "../relay/translated-conversion.ts";
import { translatedEmbeddings } from "../relay/translated-embeddings.ts";
import type { Exchange, ExchangeOptions, LocalAnswer } from "./exchange.ts";
import { translatedFailure } from "./upstream-failure.ts";

/** The client's request in the provider's dialect, and the way back. */
export async function translatedExchange(
  options: ExchangeOptions,
): Promise<Exchange | LocalAnswer> {
  switch (options.call.endpoint) {
    case "embeddings":
      return embeddings(options);
    case "count_tokens":
      return countTokens(options);
    default:
      return chat(options, options.call.endpoint);
  }
}

async function chat(
  options: ExchangeOptions,
  endpoint: keyof typeof chatDialects,
): Promise<Exchange> {
  const { request, deployment } = options;
  const { api, completions } = deployment.vendor;
  const spoken = endpoint === "completions" ? (completions ?? api.chat) : api.chat;
  const dialect = chatDialects[endpoint];
  const asked = await withMedia(request.chat(dialect), options);
  const vendorRequest = spoken.request(asked, deployment.target);
  const context = writeContext(asked, options);
  return exchangeOf(
    vendorRequest,
    translatedConversion({ api: spoken, dialect, context }),
    options,
  );
}

/** Media that the provider does not fetch itself, fetched. */
function withMedia(asked: ChatRequest, options: ExchangeOptions): Promise<ChatRequest> {
  const { call, deployment, media, policy } = options;
  const { chat: api } = deployment.vendor.api;
  return inlineMedia(
    asked,
    (part) => api.mustFetch(part, deployment.target),
    (url) => media.fetch(url, { policy: policy.fetch, signal: call.client.signal }),
  );
}

/** What answers say of the request. The prompt is not kept: a stream may live for long. */
function writeContext(asked: ChatRequest, options: ExchangeOptions): WriteContext {
  const { call, request, deployment, nowS } = options;
  return {
    requestId: call.requestId,
    model: deployment.upstreamModel,
    createdS: nowS,
    includeUsage: asksForUsage(request),
    request: { ...asked, messages: [] },
  };
}

function embeddings(options: ExchangeOptions): Exchange {
  const { request, deployment } = options;
  const api = deployment.vendor.api.embeddings;
  if (!api) throw new Error("the routing table offers no deployment without embeddings");
  const { asked, encodingFormat } = readEmbeddingsRequest(request.json());
  const conversion = translatedEmbeddings({
    api,
    asked,
    encodingFormat,
    model: deployment.upstreamModel,
  });
  return exchangeOf(api.request(asked, deployment.target), conversion, options);
}

async function countTokens(options: ExchangeOptions): Promise<Exchange | LocalAnswer> {
  const { request, deployment } = options;
  const asked = request.chat(chatDialects.count_tokens);
  const api = deployment.vendor.api.countTokens;
  if (!api) {
    const tokens = await options.countTokens(request, options.call, deployment);
    return { local: countBody(tokens) };
  }
  const vendorRequest = api.request(await withMedia(asked, options), deployment.target);
  const conversion: Conversion = {
    translates: true,
    passesOn: false,
    streamType: /^$/,
    plain(body) {
      const value = parseJson(body.toString("utf8"));
      if (value === undefined) return { kind: "invalid", what: notJson(body) };
      const tokens = api.answer(value);
      if (tokens === undefined) return { kind: "invalid", what: "JSON that is no count of tokens" };
      return { kind: "answer", body: countBody(tokens), usage: undefined };
    },
    stream() {
      throw new Error("token counts do not stream");
    },
  };
  return exchangeOf(vendorRequest, conversion, options);
}

/** https://docs.anthropic.com/en/api/messages-count-tokens */
function countBody(tokens: number): Buffer {
  return Buffer.from(JSON.stringify({ input_tokens: tokens }));
}

function exchangeOf(
  { path, body, headers = [], dropped }: VendorRequest,
  conversion: Conversion,
  { call, deployment, policy }: ExchangeOptions,
): Exchange {
  if (policy.strictParameters && dropped.length > 0) throw unsupported(dropped, deployment.id);
  const own = call.stream ? deployment.headers.stream : deployment.headers.plain;
  return {
    path,
    headers: [...own, ...headers],
    body: Buffer.from(JSON.stringify(body)),
    conversion,
    dropped,
    failure: (answer) => {
      const error = deployment.vendor.api.classifyError(answer);
      return translatedFailure(error, answer, { call, deployment });
    },
  };
}

function unsupported(dropped: readonly string[], deployment: string): Fault {
  const names = dropped.map((name) => `'${name}'`).join(", ");
  const message = `The provider of ${deployment} has nothing like ${names}: leave it out. (The policy is unsupported_parameters: strict.)`;
  return new Fault("unsupported_parameter", message, { param: dropped[0] ?? "" });
}
