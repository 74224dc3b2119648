import { isDeepStrictEqual } from "node:util";
import { Fault } from "../../core/src/index.ts";
import type { MediaPart } from "../../data-plane/src/chat/chat-request.ts";
import { openAiChatDialect } from "../../data-plane/src/dialects/openai-chat/dialect.ts";
import { inlineMedia } from "../../data-plane/src/media/inline-media.ts";
import type { VendorRequest } from "../../data-plane/src/providers/provider-api.ts";
import type { Column } from "./columns.ts";
import { type Body, type Feature, question } from "./features.ts";

/** What became of a feature on its way to a vendor. */
export type Outcome =
  /** It was said to the vendor. */
  | "said"
  /** Said, after Headgate fetched what the client gave by URL. */
  | "fetched"
  /** Left out, and named to the client. */
  | "dropped"
  /** Nothing was said and nothing named: it changes nothing about the answer. */
  | "silent"
  /** The call can't go to this vendor. */
  | "refused";

/** Found out by translating the request with the feature and without it. */
export async function outcomeOf(feature: Feature, column: Column): Promise<Outcome> {
  const without = await translate({ ...question, ...feature.beside }, column);
  const asked = { ...question, ...feature.beside, ...feature.asked };
  const translated = await translate(asked, column).catch(refusal);
  if (translated === "refused") return "refused";
  const known = new Set(without.request.dropped);
  if (translated.request.dropped.some((name) => !known.has(name))) return "dropped";
  if (isDeepStrictEqual(translated.request.body, without.request.body)) return "silent";
  return translated.fetched ? "fetched" : "said";
}

function refusal(reason: unknown): "refused" {
  if (reason instanceof Fault) return "refused";
  throw reason;
}

interface Translated {
  readonly request: VendorRequest;
  readonly fetched: boolean;
}

async function translate(body: Body, { vendor, target }: Column): Promise<Translated> {
  const { chat } = vendor.api;
  let fetched = false;
  const mustFetch = (part: MediaPart): boolean => chat.mustFetch(part, target);
  const asked = openAiChatDialect.readRequest(body);
  const request = await inlineMedia(asked, mustFetch, async (url) => {
    fetched = true;
    return { mediaType: url.endsWith(".pdf") ? "application/pdf" : "image/png", data: "AAAA" };
  });
  return { request: chat.request(request, target), fetched };
}
