import { fetchesNothing } from "../fetches-nothing.ts";
import type { ProviderApi } from "../provider-api.ts";
import { converseAnswer } from "./answer.ts";
import { classifyError } from "./classify-error.ts";
import { bedrockCountTokens } from "./count-tokens.ts";
import { bedrockEmbeddings } from "./embeddings.ts";
import { converseRequest } from "./request.ts";
import { ConverseStream } from "./stream.ts";

/** Amazon Bedrock: Converse for chat, whichever model; InvokeModel for embeddings. */
export const bedrockApi: ProviderApi = {
  chat: {
    // It takes bytes, or what is on S3.
    mustFetch: fetchesNothing,
    request: converseRequest,
    answer: converseAnswer,
    stream: (request) => new ConverseStream(request),
    streamType: /^application\/vnd\.amazon\.eventstream/i,
  },
  embeddings: bedrockEmbeddings,
  countTokens: bedrockCountTokens,
  classifyError,
};
