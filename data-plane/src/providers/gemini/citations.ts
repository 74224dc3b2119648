import { isRecord } from "@headgate/core";
import type { Annotation, ChatEvent } from "../../chat/chat-event.ts";

export type Citation = Omit<Extract<ChatEvent, { type: "citation" }>, "type" | "choice">;

/**
 * The sources that a candidate names for its text: what Google's tools found, and what was quoted.
 * @param text all of the candidate's text so far: places are counted in its bytes.
 */
export function citationsOf(
  candidate: Readonly<Record<string, unknown>>,
  text: string,
): readonly Citation[] {
  const { groundingMetadata: grounding, citationMetadata: quotes } = candidate;
  const cited = [
    ...(isRecord(grounding) ? groundingCitations(grounding) : []),
    ...(isRecord(quotes) ? quotations(quotes) : []),
  ];
  if (cited.length === 0) return [];
  const bytes = Buffer.from(text);
  return cited.map(({ source, place, native }) => {
    const annotation = annotate(source, place, { text, bytes });
    return {
      ...(annotation && { annotation }),
      native: { dialect: "gemini" as const, value: native },
    };
  });
}

interface Cited {
  readonly source: Readonly<Record<string, unknown>>;
  readonly place: Readonly<Record<string, unknown>>;
  readonly native: unknown;
}

/** https://ai.google.dev/api/generate-content#GroundingMetadata */
function groundingCitations(grounding: Readonly<Record<string, unknown>>): readonly Cited[] {
  const chunks = listOf(grounding["groundingChunks"]);
  return listOf(grounding["groundingSupports"])
    .filter(isRecord)
    .flatMap((support) => {
      const segment = isRecord(support["segment"]) ? support["segment"] : {};
      return listOf(support["groundingChunkIndices"]).flatMap((index) => {
        const chunk = typeof index === "number" ? chunks[index] : undefined;
        if (!isRecord(chunk)) return [];
        const source = Object.values(chunk).find(isRecord) ?? {};
        return [{ source, place: segment, native: { segment, ...chunk } }];
      });
    });
}

/** https://ai.google.dev/api/generate-content#citationmetadata; Vertex calls the list `citations`. */
function quotations(quotes: Readonly<Record<string, unknown>>): readonly Cited[] {
  const list = [...listOf(quotes["citationSources"]), ...listOf(quotes["citations"])];
  return list.filter(isRecord).map((quote) => ({ source: quote, place: quote, native: quote }));
}

function annotate(
  { uri, title }: Readonly<Record<string, unknown>>,
  place: Readonly<Record<string, unknown>>,
  answer: { readonly text: string; readonly bytes: Buffer },
): Annotation | undefined {
  if (typeof uri !== "string" || uri === "") return undefined;
  const [start_index, end_index] = locate(place, answer);
  return {
    type: "url_citation",
    url_citation: {
      url: uri,
      title: typeof title === "string" ? title : "",
      start_index,
      end_index,
    },
  };
}

/** Where it is in the text, in characters. */
function locate(
  { startIndex, endIndex, text: said }: Readonly<Record<string, unknown>>,
  { text, bytes }: { readonly text: string; readonly bytes: Buffer },
): readonly [start: number, end: number] {
  const start = characters(bytes, startIndex);
  const end = Math.max(start, characters(bytes, endIndex));
  if (typeof said !== "string" || text.slice(start, end) === said) return [start, end];
  // Places are counted within the part of the answer, which is not always all of its text.
  const at = said === "" ? -1 : text.indexOf(said);
  return at < 0 ? [start, end] : [at, at + said.length];
}

/** An index of bytes as one of characters (UTF-16, as JavaScript has it). Absent: 0. */
function characters(bytes: Buffer, index: unknown): number {
  return typeof index === "number" && index > 0 ? bytes.subarray(0, index).toString().length : 0;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
