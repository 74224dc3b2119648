import { splice } from "@headgate/core";
import { asksForUsage, upstreamBody } from "../providers/openai/request-body.ts";
import { anthropicRelay } from "../relay/anthropic-conversion.ts";
import type { Conversion } from "../relay/conversion.ts";
import { embeddingsRelay } from "../relay/embeddings-conversion.ts";
import { openAiRelay } from "../relay/openai-conversion.ts";
import { upstreamResponsesBody } from "../relay/responses-body.ts";
import { responsesRelay } from "../relay/responses-conversion.ts";
import { spliceModel } from "../relay/splice-model.ts";
import { anthropicHeaders } from "./anthropic-headers.ts";
import type { Exchange, ExchangeOptions } from "./exchange.ts";
import { relayedFailure } from "./upstream-failure.ts";

/** The client's own bytes, with the provider's name of the model in them. */
export function relayedExchange(path: string, options: ExchangeOptions): Exchange {
  const { call, deployment } = options;
  const headers = call.stream ? deployment.headers.stream : deployment.headers.plain;
  return {
    path,
    headers:
      call.endpoint === "messages" || call.endpoint === "count_tokens"
        ? anthropicHeaders(headers, call.request.headers, deployment.anthropicVersion)
        : headers,
    body: relayedBody(options),
    conversion: relayedConversion(options),
    dropped: [],
    failure: (answer) => relayedFailure(answer, { call, deployment }),
  };
}

function relayedBody({ call, request, deployment }: ExchangeOptions): Uint8Array {
  const { upstreamModel } = deployment;
  switch (call.endpoint) {
    case "responses":
      return upstreamResponsesBody(request, upstreamModel);
    case "messages":
    case "count_tokens": {
      const edit = spliceModel(request, upstreamModel);
      return splice(request.bytes, edit ? [edit] : []);
    }
    default:
      return upstreamBody(request, upstreamModel);
  }
}

function relayedConversion({ call, request, deployment }: ExchangeOptions): Conversion {
  switch (call.endpoint) {
    case "responses":
      return responsesRelay({ deploymentId: deployment.id });
    case "messages":
    case "count_tokens":
      return anthropicRelay(call.requestId);
    case "embeddings": {
      const asked = request.text("encoding_format") ?? "float";
      const encodingFormat = asked === "float" || asked === "base64" ? asked : undefined;
      return embeddingsRelay({ encodingFormat });
    }
    default:
      return openAiRelay({ endpoint: call.endpoint, stripUsage: !asksForUsage(request) });
  }
}
