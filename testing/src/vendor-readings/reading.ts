/**
 * What a recorded exchange says, in the words of the OpenAI API, however its vendor said it. The
 * official client of the vendor and a plain reading of the bytes each make one; they share no code
 * with each other but the tables of `finish-words.ts`, and none with the product.
 */
export type Reading = AnswerReading | ErrorReading | IncompleteReading;

export interface AnswerReading {
  readonly kind: "answer";
  /** By index. */
  readonly choices: readonly ChoiceReading[];
  /** Absent: the vendor counted nothing. */
  readonly usage?: UsageReading;
}

export interface ChoiceReading {
  readonly text: string;
  readonly refusal: string;
  readonly reasoning: string;
  readonly toolCalls: readonly ToolCallReading[];
  readonly finish: Finish;
}

export type Finish = "stop" | "length" | "tool_calls" | "content_filter";

export interface ToolCallReading {
  /** Absent: the vendor gives none. */
  readonly id?: string;
  readonly name: string;
  /** The JSON the model wrote, parsed. */
  readonly arguments: unknown;
}

/** Totals are inclusive: cached input is input, reasoning is output. */
export interface UsageReading {
  readonly input: number;
  readonly output: number;
  readonly cachedInput: number;
  readonly reasoning: number;
}

export interface ErrorReading {
  readonly kind: "error";
  /** What the vendor sent, or should have, where the error is in a 200. */
  readonly status: number;
  /** Told when something of an answer had been said. Clients do not tell, and give it no status. */
  readonly within?: true;
}

/** No error, and no choice was finished. */
export interface IncompleteReading {
  readonly kind: "incomplete";
  /** Something of an answer was said all the same. */
  readonly begun: boolean;
}

/** A choice as it is being read. */
export class ChoiceDraft {
  text = "";
  refusal = "";
  reasoning = "";
  readonly toolCalls: ToolCallReading[] = [];
  /** Of the tool calls: those that the vendor answered itself. */
  answered = 0;
  /** A tool call whose arguments are still to come. */
  calling = false;
  /** The vendor's own word. */
  finish: string | undefined;

  get begun(): boolean {
    const said = `${this.text}${this.refusal}${this.reasoning}` !== "";
    return said || this.calling || this.toolCalls.length > 0;
  }
}

/** The one at `index`, made if it is not there yet. */
export function draftAt<T>(drafts: Map<number, T>, index: number, make: () => T): T {
  const draft = drafts.get(index) ?? make();
  drafts.set(index, draft);
  return draft;
}

/** In the order of their indexes. */
export function ordered<T>(drafts: ReadonlyMap<number, T>): readonly T[] {
  return [...drafts].sort(([a], [b]) => a - b).map(([, draft]) => draft);
}

/** What was drafted, once the vendor is done. */
export function finishedReading(
  drafts: readonly ChoiceDraft[],
  words: FinishWords,
  usage: UsageReading | undefined,
): Reading {
  const choices: ChoiceReading[] = [];
  const begun = drafts.some((draft) => draft.begun);
  for (const { text, refusal, reasoning, toolCalls, answered, finish } of drafts) {
    if (finish === undefined) return { kind: "incomplete", begun };
    const word = words(finish, toolCalls.length > answered);
    choices.push({ text, refusal, reasoning, toolCalls, finish: word });
  }
  if (choices.length === 0) return { kind: "incomplete", begun };
  return { kind: "answer", choices, ...(usage && { usage }) };
}

/** An error that came in place of what was still to be drafted. */
export function brokenReading(status: number, drafts: readonly ChoiceDraft[]): ErrorReading {
  const within = drafts.some(({ begun }) => begun);
  return { kind: "error", status, ...(within && { within }) };
}

/** OpenAI's word for a vendor's. */
export type FinishWords = (native: string, hasOpenCalls: boolean) => Finish;
