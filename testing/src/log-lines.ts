import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { Watchers } from "./watchers.ts";

/** One line of a process's output: its JSON object, or `{ text }` when it is not JSON. */
export type LogLine = Readonly<Record<string, unknown>>;

/** Bound on kept lines; a test that logs more than this looks at the newest. */
const maxLines = 100_000;

/** Collects what a process prints, and lets tests wait for a line. */
export class LogLines {
  readonly lines: LogLine[] = [];
  readonly #watchers = new Watchers();

  read(stream: Readable): void {
    createInterface({ input: stream }).on("line", (line) => {
      if (this.lines.length >= maxLines) this.lines.shift();
      this.lines.push(parseLine(line));
      this.#watchers.changed();
    });
  }

  /** Lines with this `msg`, oldest first. */
  withMessage(msg: string): readonly LogLine[] {
    return this.lines.filter((line) => line["msg"] === msg);
  }

  /** The first line that `matches`, now or later. @throws with the last output when none comes. */
  async waitFor(
    matches: (line: LogLine) => boolean,
    what: string,
    withinMs?: number,
  ): Promise<LogLine> {
    await this.#watchers.until(
      () => this.lines.some(matches),
      () => `${what}; the last output was:\n${this.tail()}`,
      withinMs,
    );
    return this.lines.find(matches) ?? {};
  }

  tail(count = 20): string {
    return this.lines
      .slice(-count)
      .map((line) => ("text" in line ? line["text"] : JSON.stringify(line)))
      .join("\n");
  }
}

function parseLine(text: string): LogLine {
  if (!text.startsWith("{")) return { text };
  try {
    return JSON.parse(text);
  } catch {
    return { text };
  }
}
