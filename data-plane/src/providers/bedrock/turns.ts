import { isRecord } from "@headgate/core";
import type { Block } from "./block.ts";
import type { ModelTraits } from "./model-traits.ts";

export interface Turn {
  readonly role: "user" | "assistant";
  readonly content: readonly Block[];
}

/** Turns that alternate, in the shape this model takes. */
export function inTurns(turns: readonly Turn[], traits: ModelTraits): readonly Turn[] {
  const split = merged(turns).flatMap((turn) => shaped(turn, traits));
  return split.length === 0 ? split : finished(split, traits);
}

export function user(content: readonly Block[]): Turn {
  return { role: "user", content };
}

function assistant(content: readonly Block[]): Turn {
  return { role: "assistant", content };
}

function merged(turns: readonly Turn[]): readonly Turn[] {
  const out: { readonly role: Turn["role"]; readonly content: Block[] }[] = [];
  for (const { role, content } of turns) {
    const last = out.at(-1);
    if (last?.role === role) last.content.push(...content);
    else if (content.length > 0) out.push({ role, content: [...content] });
  }
  return out;
}

/**
 * Results first, then what the user adds; and each document beside some text. Where the model does
 * not take tools beside other content, a turn that has both becomes two.
 */
function shaped({ role, content }: Turn, { mixesTools }: ModelTraits): readonly Turn[] {
  const ofTools = content.map((block, at) => isToolBlock(block, content[at - 1]));
  const tools = content.filter((_, at) => ofTools[at]);
  const others = content.filter((_, at) => !ofTools[at]);
  if (role === "assistant") {
    if (mixesTools || tools.length === 0 || others.length === 0) return [assistant(content)];
    return [assistant(others), user([filler]), assistant(tools)];
  }
  const results = mergedResults(tools);
  const said = [...others, ...documentText(others)];
  if (mixesTools || results.length === 0 || said.length === 0) return [user([...results, ...said])];
  return [user(results), assistant([filler]), user(said)];
}

/** A cache point goes with what is before it. */
function isToolBlock(block: Block, before: Block | undefined): boolean {
  const own = "cachePoint" in block ? before : block;
  return own !== undefined && ("toolResult" in own || "toolUse" in own);
}

/** "If you include a document, you must also include a text." */
function documentText(blocks: readonly Block[]): readonly Block[] {
  const missing = blocks.some((block) => "document" in block) && !blocks.some((b) => "text" in b);
  return missing ? [{ text: "See the document." }] : [];
}

/** Each call has one result: a second one for it adds to the first. */
function mergedResults(blocks: readonly Block[]): readonly Block[] {
  const out: Block[] = [];
  const places = new Map<unknown, number>();
  for (const block of blocks) {
    const result = block["toolResult"];
    const id = isRecord(result) ? result["toolUseId"] : undefined;
    const place = places.get(id);
    if (place !== undefined) out[place] = joined(out[place], block);
    else if (id !== undefined) places.set(id, out.push(block) - 1);
    else out.push(block);
  }
  return out;
}

function joined(first: Block | undefined, second: Block): Block {
  const [a, b] = [first?.["toolResult"], second["toolResult"]];
  if (!isRecord(a) || !isRecord(b)) return second;
  return { toolResult: { ...a, ...b, content: [a["content"], b["content"]].flat() } };
}

/** The user speaks first, and last unless the model goes on with what it is given. */
function finished(turns: readonly Turn[], { prefill }: ModelTraits): readonly Turn[] {
  const begin = turns[0]?.role === "assistant" ? [user([filler])] : [];
  const last = turns.at(-1);
  const waits = last?.content.some((block) => "toolUse" in block) ?? false;
  if (last?.role !== "assistant" || waits) return [...begin, ...turns];
  if (!prefill) return [...begin, ...turns, user([filler])];
  return [...begin, ...turns.slice(0, -1), assistant(withoutBlanks(last.content))];
}

/** Models refuse the beginning of an answer with blanks at its end. */
function withoutBlanks(content: readonly Block[]): readonly Block[] {
  const text = content.at(-1)?.["text"];
  return typeof text === "string" ? [...content.slice(0, -1), { text: text.trimEnd() }] : content;
}

/** Stands where the API wants a turn and nobody said anything. */
const filler: Block = { text: "Continue." };
