import type { MediaPart } from "../chat/chat-request.ts";

/** For ChatApi.mustFetch of a vendor that fetches nothing from the web, but may know URLs of its own. */
export function fetchesNothing({ source }: MediaPart): boolean {
  return source.kind === "url" && /^https?:/i.test(source.url);
}
