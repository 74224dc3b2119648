import { type Document, LineCounter, parseDocument, type YAMLError } from "yaml";
import type { Environment } from "./interpolate.ts";
import { maskVariables, unmask } from "./mask.ts";
import { placeDocument } from "./place-document.ts";
import type { PlacedValue } from "./placed.ts";
import { ProblemList } from "./problem-list.ts";

export interface ReadYamlOptions {
  readonly text: string;
  /** As the user wrote it; leads every problem. */
  readonly file?: string | undefined;
  readonly env: Environment;
  /** What the file should hold, for the message about an empty one. */
  readonly expects: string;
}

export interface ReadYamlResult {
  /** Undefined when there is nothing to go on with; `problems` say why. */
  readonly root: PlacedValue | undefined;
  readonly problems: ProblemList;
}

/** 20,000 keys fit. Beyond it, resources belong in the admin API. */
const fileMaxBytes = 4 * 1024 * 1024;

/** Text to placed values. Never throws: whatever is wrong with the text is a problem. */
export function readYaml(options: ReadYamlOptions): ReadYamlResult {
  const lineCounter = new LineCounter();
  const problems = new ProblemList({
    file: options.file,
    placeOf: (offset) => {
      const { line, col } = lineCounter.linePos(offset);
      return { line: Math.max(line, 1), column: Math.max(col, 1) };
    },
  });
  const bytes = Buffer.byteLength(options.text);
  if (bytes > fileMaxBytes) {
    problems.add(undefined, "", `the file has ${bytes} bytes; at most ${fileMaxBytes} are read`);
    return { root: undefined, problems };
  }
  const masked = maskVariables(options.text);
  const document = parse(masked, lineCounter);
  for (const error of [...document.errors, ...document.warnings]) {
    problems.add(error.pos[0], "", syntaxMessage(error, masked));
  }
  if (!problems.isEmpty) return { root: undefined, problems };
  if (document.contents === null) {
    problems.add(undefined, "", `the file is empty: expected ${options.expects}`);
    return { root: undefined, problems };
  }
  return { root: placeDocument(document.contents, options.env, problems), problems };
}

function parse(masked: string, lineCounter: LineCounter): Document.Parsed {
  return parseDocument(masked, {
    lineCounter,
    intAsBigInt: true,
    // "error" and not "silent", which would also silence a second document.
    logLevel: "error",
    prettyErrors: false,
    resolveKnownTags: false,
    stringKeys: true,
    // Checked in placeDocument(), in linear time and with better words.
    uniqueKeys: false,
  });
}

const plainerMessages: Partial<Record<YAMLError["code"], string>> = {
  MULTIPLE_DOCS: "a second document starts here: put everything in one, without ---",
  NON_STRING_KEY: "a key must be a plain text",
  RESOURCE_EXHAUSTION: "nested too deeply",
  TAB_AS_INDENT: "a tab is used for indentation: use spaces",
  TAG_RESOLVE_FAILED: "tags are not used here: quote a text that begins with !",
};

function syntaxMessage(error: YAMLError, masked: string): string {
  return (
    plainerMessages[error.code] ?? `not valid YAML: ${unmask(withoutSource(error.message, masked))}`
  );
}

/** The parser quotes what it stumbles over, and that may be a secret: long words of the text are cut. */
function withoutSource(message: string, masked: string): string {
  return message.replaceAll(/\S{13,}/g, (word) => (masked.includes(word) ? "..." : word));
}
