import { Fault } from "@headgate/core";
import type {
  AssistantPart,
  ChatMessage,
  ChatRequest,
  MediaPart,
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
  mustFetch: MustFetch,
  fetch: (url: string) => Promise<FetchedMedia>,
): Promise<ChatRequest> {
  const urls = urlsOf(request, mustFetch);
  if (urls.size === 0) return request;
  if (urls.size > urlsMax) {
    const message = `The request names ${urls.size} files by URL: at most ${urlsMax} are fetched.`;
    throw new Fault("media_not_fetched", message);
  }
  const fetched = await fetchAll([...urls], fetch);
  const inlined = (part: MediaPart): MediaPart => {
    const { source } = part;
    const media = source.kind === "url" && mustFetch(part) ? fetched.get(source.url) : undefined;
    return media ? { ...part, source: { kind: "data", ...media } } : part;
  };
  return { ...request, messages: request.messages.map((message) => withMedia(message, inlined)) };
}

type MustFetch = (part: MediaPart) => boolean;

function urlsOf(request: ChatRequest, mustFetch: MustFetch): ReadonlySet<string> {
  const urls = new Set<string>();
  for (const { content } of request.messages) {
    for (const part of content as readonly Part[]) {
      if (!isMedia(part)) continue;
      const { source } = part;
      if (source.kind === "url" && mustFetch(part)) urls.add(source.url);
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

function isMedia(part: Part): part is MediaPart {
  return part.type === "image" || part.type === "file";
}

function withMedia(message: ChatMessage, inlined: (part: MediaPart) => MediaPart): ChatMessage {
  if (message.role !== "user" && message.role !== "tool") return message;
  const content = message.content.map((part) => (isMedia(part) ? inlined(part) : part));
  return { ...message, content };
}
