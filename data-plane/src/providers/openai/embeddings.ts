import { isRecord, usageFromOpenAi } from "@headgate/core";
import type { EmbeddingsAnswer, EmbeddingsRequest } from "../../chat/embeddings.ts";

/** https://platform.openai.com/docs/api-reference/embeddings/create */
export function writeEmbeddings(
  request: EmbeddingsRequest,
  model: string,
): Readonly<Record<string, unknown>> {
  const { input, dimensions, user, more } = request;
  const [first] = input;
  return {
    model,
    // Some servers take only one at a time, and not in a list.
    input: input.length === 1 && typeof first === "string" ? first : input,
    ...(dimensions !== undefined && { dimensions }),
    ...(user !== undefined && { user }),
    ...(more.dialect === "openai" && more.members),
  };
}

/** @throws {SyntaxError} if it is not an answer. */
export function readEmbeddings(body: unknown): EmbeddingsAnswer {
  const data = isRecord(body) ? body["data"] : undefined;
  if (!isRecord(body) || !Array.isArray(data)) throw new SyntaxError("no list of vectors");
  const model = body["model"];
  const usage = usageFromOpenAi(body["usage"]);
  return {
    ...(typeof model === "string" && model !== "" && { model }),
    vectors: inOrder(data).map(vectorOf),
    ...(usage && { usage }),
  };
}

function inOrder(data: readonly unknown[]): readonly unknown[] {
  const indexOf = (entry: unknown, position: number): number =>
    isRecord(entry) && typeof entry["index"] === "number" ? entry["index"] : position;
  return data
    .map((entry, position) => ({ entry, index: indexOf(entry, position) }))
    .sort((a, b) => a.index - b.index)
    .map(({ entry }) => entry);
}

function vectorOf(entry: unknown): readonly number[] | string {
  const vector = isRecord(entry) ? entry["embedding"] : undefined;
  if (typeof vector === "string") return vector;
  if (!Array.isArray(vector)) throw new SyntaxError("an entry without a vector");
  return vector.map(Number);
}
