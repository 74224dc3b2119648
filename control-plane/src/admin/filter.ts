import { didYouMean } from "@headgate/config";
import { globMatches } from "@headgate/core";

/** What a field holds: any text, yes or no, or one of these words. */
export type FilterField = "text" | "flag" | readonly string[];
export type FilterFields = Readonly<Record<string, FilterField>>;

/** A list has a value if one of its items has it. */
export type FilterValue = string | boolean | readonly string[];

/** Whether a thing matches, by the values of its fields. */
export type Filter = (read: (field: string) => FilterValue) => boolean;

export type ParsedFilter =
  | { readonly ok: true; readonly filter: Filter }
  | { readonly ok: false; readonly problem: string };

const lengthMax = 1024;
const depthMax = 16;

/**
 * Filters of listings, after https://google.aip.dev/160:
 *
 *     filter     = "" | all | any
 *     all        = term { "AND" term }
 *     any        = term { "OR" term }
 *     term       = "NOT" term | "(" ( all | any ) ")" | comparison
 *     comparison = FLAG | field ( "=" | "!=" ) ( WORD | QUOTED )
 *
 * Texts may hold globs (`alice-*`). AND beside OR needs parentheses: some languages bind the one
 * closer, some the other. Pure; takes O(length) to parse.
 */
export function parseFilter(text: string, fields: FilterFields): ParsedFilter {
  if (text.trim() === "") return { ok: true, filter: () => true };
  if (text.length > lengthMax) {
    return { ok: false, problem: `is ${text.length} characters long: at most ${lengthMax}` };
  }
  try {
    const parser = new Parser(tokensOf(text), fields);
    const filter = parser.expression(0);
    parser.expectEnd();
    return { ok: true, filter };
  } catch (error) {
    if (error instanceof FilterProblem) return { ok: false, problem: error.message };
    throw error;
  }
}

/** Never leaves this file. */
class FilterProblem extends Error {
  constructor(at: number, what: string) {
    super(`character ${at + 1}: ${what}`);
  }
}

interface Token {
  readonly kind: "(" | ")" | "=" | "!=" | "word" | "quoted" | "end";
  readonly text: string;
  /** Index in the filter. */
  readonly at: number;
}

const tokenPattern = /\s*(?:(\(|\)|!=|=)|"((?:[^"\\]|\\.)*)"|([^\s()=!"]+))/suy;

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (text.slice(at).trim() !== "") {
    tokenPattern.lastIndex = at;
    const match = tokenPattern.exec(text);
    const start = at + (text.slice(at).match(/^\s*/)?.[0].length ?? 0);
    if (!match) throw new FilterProblem(start, notAToken(text[start] ?? ""));
    const [, sign, quoted, word] = match;
    if (sign !== undefined) tokens.push({ kind: sign as Token["kind"], text: sign, at: start });
    else if (word !== undefined) tokens.push({ kind: "word", text: word, at: start });
    else tokens.push({ kind: "quoted", text: unquoted(quoted ?? ""), at: start });
    at = tokenPattern.lastIndex;
  }
  return [...tokens, { kind: "end", text: "", at: text.length }];
}

function notAToken(character: string): string {
  if (character === '"') return "the quoted text has no end";
  return `"${character}" means nothing here; put texts with such characters in quotes`;
}

function unquoted(text: string): string {
  return text.replaceAll(/\\(.)/gsu, "$1");
}

/** By recursive descent; one method per line of the grammar. */
class Parser {
  readonly #tokens: readonly Token[];
  readonly #fields: FilterFields;
  #next = 0;

  constructor(tokens: readonly Token[], fields: FilterFields) {
    this.#tokens = tokens;
    this.#fields = fields;
  }

  expression(depth: number): Filter {
    const terms = [this.#term(depth)];
    const joint = this.#peek();
    if (!isWord(joint, "AND") && !isWord(joint, "OR")) return terms[0] ?? (() => true);
    while (isWord(this.#peek(), joint.text)) {
      this.#take();
      terms.push(this.#term(depth));
    }
    const other = this.#peek();
    if (isWord(other, "AND") || isWord(other, "OR")) {
      throw new FilterProblem(other.at, "AND and OR are mixed: say with parentheses what is meant");
    }
    return joint.text === "AND"
      ? (read) => terms.every((term) => term(read))
      : (read) => terms.some((term) => term(read));
  }

  expectEnd(): void {
    const token = this.#peek();
    if (token.kind === "end") return;
    throw new FilterProblem(token.at, `AND, OR or the end is expected, not ${shown(token)}`);
  }

  #term(depth: number): Filter {
    const token = this.#take();
    if (depth > depthMax) throw new FilterProblem(token.at, `nested more than ${depthMax} deep`);
    if (isWord(token, "NOT")) {
      const term = this.#term(depth + 1);
      return (read) => !term(read);
    }
    if (token.kind === "(") {
      const inner = this.expression(depth + 1);
      const end = this.#take();
      if (end.kind === ")") return inner;
      throw new FilterProblem(end.at, `AND, OR or ) is expected, not ${shown(end)}`);
    }
    if (token.kind === "word") return this.#comparison(token);
    throw new FilterProblem(token.at, `a field is expected, not ${shown(token)}`);
  }

  #comparison(name: Token): Filter {
    const field = name.text;
    const type = Object.hasOwn(this.#fields, field) ? this.#fields[field] : undefined;
    if (type === undefined) throw new FilterProblem(name.at, noField(field, this.#fields));
    const sign = this.#peek();
    if (sign.kind !== "=" && sign.kind !== "!=") {
      if (type === "flag") return (read) => read(field) === true;
      throw new FilterProblem(sign.at, `= or != is expected behind ${field}, not ${shown(sign)}`);
    }
    this.#take();
    const value = this.#take();
    if (value.kind !== "word" && value.kind !== "quoted") {
      throw new FilterProblem(value.at, `a value is expected, not ${shown(value)}`);
    }
    checkValue(field, type, value);
    const equal = sign.kind === "=";
    return (read) => has(read(field), value.text) === equal;
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: "end", text: "", at: 0 };
  }

  #take(): Token {
    const token = this.#peek();
    this.#next += 1;
    return token;
  }
}

function isWord({ kind, text }: Token, word: string): boolean {
  return kind === "word" && text === word;
}

function shown({ kind, text }: Token): string {
  return kind === "end" ? "the end" : `"${text}"`;
}

function noField(field: string, fields: FilterFields): string {
  const names = Object.keys(fields);
  const near = didYouMean(field, names);
  return `there is no field "${field}" to filter by${near}; there are ${names.join(", ")}`;
}

function checkValue(field: string, type: FilterField, { at, text }: Token): void {
  const words = type === "flag" ? ["true", "false"] : type === "text" ? undefined : type;
  if (!words || words.includes(text) || (type !== "flag" && text.includes("*"))) return;
  throw new FilterProblem(at, `${field} is never "${text}": it is one of ${words.join(", ")}`);
}

function has(value: FilterValue, pattern: string): boolean {
  if (typeof value === "string") return globMatches(pattern, value);
  if (typeof value === "boolean") return String(value) === pattern;
  return value.some((item) => globMatches(pattern, item));
}
