import { readFile } from "node:fs/promises";
import { CliError, exitStatus } from "./cli-error.ts";
import type { Io } from "./io.ts";

export interface FileText {
  /** For messages: the path as given. */
  readonly file: string;
  readonly text: string;
}

/** What `-f` names; `-` is standard input. */
export async function readFileArgument(io: Io, file: string | undefined): Promise<FileText> {
  if (file === undefined || file === "") {
    throw new CliError("no file given: -f FILE (- is standard input)", {
      status: exitStatus.usage,
    });
  }
  if (file === "-") return { file: "<stdin>", text: await io.readStdin() };
  return { file, text: await readText(file) };
}

/** The settings file that a program cannot do without. */
export async function readConfigArgument(file: string | undefined): Promise<FileText> {
  if (file === undefined || file === "") {
    throw new CliError("no settings given: --config FILE", { status: exitStatus.usage });
  }
  return { file, text: await readText(file) };
}

export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new CliError(`cannot read ${file}: ${reason(error)}`, { cause: error });
  }
}

function reason(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "ENOENT":
      return "there is no such file";
    case "EACCES":
      return "permission denied";
    case "EISDIR":
      return "it is a directory";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
