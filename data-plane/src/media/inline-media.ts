import { Fault } from "@headgate/core";
import type {
  AssistantPart,
  ChatMessage,
  ChatRequest,
  MediaSource,
  UserPart,
} from "../chat/chat-request.ts";
import type { FetchedMedia } from "./guarded-fetch.ts";

/** Of one call, at a time. */
const parallelMax = 4;
/** Different URLs in one call. */
const urlsMax = 100;
/** Of all files of one call: vendors take no larger requests. */
const bytesMax = 64 * 1024 * 1024;

/**
 * The request with data in place of the URLs that the provider does not fetch itself. Each URL is
 * fetched once, however often it is named.
 *
 * @throws {Fault} media_not_fetched, or what `fetch` throws.
 */
export async function inlineMedia(
  request: ChatRequest,
  mustFetch: (source: MediaSource) => boolean,
  fetch: (url: string) => Promise<FetchedMedia>,
): Promise<ChatRequest> {
  const urls = urlsOf(request, mustFetch);
  if (urls.size === 0) return request;
  if (urls.size > urlsMax) {
    const message = `The request names ${urls.size} files by URL: at most ${urlsMax} are fetched.`;
    throw new Fault("media_not_fetched", message);
  }
  const fetched = await fetchAll([...urls], fetch);
  const inlined = (source: MediaSource): MediaSource => {
    const media = source.kind === "url" && mustFetch(source) ? fetched.get(source.url) : undefined;
    return media ? { kind: "data", ...media } : source;
  };
  return { ...request, messages: request.messages.map((message) => withSources(message, inlined)) };
}

function urlsOf(
  request: ChatRequest,
  mustFetch: (source: MediaSource) => boolean,
): ReadonlySet<string> {
  const urls = new Set<string>();
  for (const { content } of request.messages) {
    for (const part of content as readonly Part[]) {
      if (!hasSource(part)) continue;
      const { source } = part;
      if (source.kind === "url" && mustFetch(source)) urls.add(source.url);
    }
  }
  return urls;
}

/** The first failure is the call's; what is still under way then is of no use, and ends by itself. */
async function fetchAll(
  urls: readonly string[],
  fetch: (url: string) => Promise<FetchedMedia>,
): Promise<ReadonlyMap<string, FetchedMedia>> {
  const fetched = new Map<string, FetchedMedia>();
  const left = urls.values();
  let bytes = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    for (const url of left) {
      if (failed) return;
      const media = await fetch(url);
      bytes += (media.data.length / 4) * 3;
      if (bytes > bytesMax) throw tooMuch();
      fetched.set(url, media);
    }
  };
  const workers = Array.from({ length: Math.min(parallelMax, urls.length) }, worker);
  try {
    await Promise.all(workers);
  } catch (reason) {
    failed = true;
    throw reason;
  }
  return fetched;
}

function tooMuch(): Fault {
  const message = `The files that the request names by URL have more than ${bytesMax} bytes together.`;
  return new Fault("media_not_fetched", message);
}

type Part = UserPart | AssistantPart;
type PartWithSource = Extract<Part, { readonly source: MediaSource }>;

function hasSource(part: Part): part is PartWithSource {
  return part.type === "image" || part.type === "file";
}

function withSources(
  message: ChatMessage,
  inlined: (source: MediaSource) => MediaSource,
): ChatMessage {
  if (message.role !== "user" && message.role !== "tool") return message;
  const content = message.content.map((part) =>
    hasSource(part) ? { ...part, source: inlined(part.source) } : part,
  );
  return { ...message, content };
}
