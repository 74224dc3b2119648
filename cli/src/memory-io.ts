import type { Environment, Io } from "./io.ts";

export interface MemoryIo extends Io {
  readonly written: { stdout: string; stderr: string };
}

/** A world for tests: text in, text out, and a stop when the test says so. */
export function memoryIo(
  options: {
    readonly env?: Environment;
    readonly stdin?: string;
    readonly colors?: boolean;
    readonly stop?: AbortSignal;
  } = {},
): MemoryIo {
  const written = { stdout: "", stderr: "" };
  const output = (name: keyof typeof written) => ({
    hasColors: options.colors ?? false,
    isTerminal: options.colors ?? false,
    write: (text: string) => {
      written[name] += text;
    },
  });
  return {
    env: options.env ?? {},
    stdout: output("stdout"),
    stderr: output("stderr"),
    readStdin: () => Promise.resolve(options.stdin ?? ""),
    stopSignal: () => options.stop ?? new AbortController().signal,
    written,
  };
}
