import { ConnectError } from "@connectrpc/connect";
import { formatProblem } from "@headgate/config";
import type { ControlPlane } from "@headgate/control-plane";
import type { admin, resources } from "@headgate/proto";
import type { Logger } from "pino";
import { changeWord } from "../change-word.ts";
import { CliError } from "../cli-error.ts";
import type { Io } from "../io.ts";
import { countProblems, printProblems } from "../print-problems.ts";
import { readText } from "../read-file-argument.ts";
import { ResourceFileLoader } from "./resource-file-loader.ts";

export interface OpenResourceFileOptions {
  readonly path: string | undefined;
  readonly logger: Logger;
  /** Ends the reading of secrets. */
  readonly signal: AbortSignal;
}

/** The file of `up --config`, good as it stands; undefined if none was given. */
export async function openResourceFile(
  io: Io,
  { path, logger, signal }: OpenResourceFileOptions,
): Promise<OpenedFile | undefined> {
  if (path === undefined || path === "") return undefined;
  const text = await readText(path);
  const loader = new ResourceFileLoader({ path, env: io.env, logger, signal });
  const loaded = await loader.load(text);
  if (loaded.ok) return new OpenedFile({ path, text, loader, logger, resources: loaded.resources });
  await loader.stop();
  printProblems(io.stderr, loaded.problems);
  throw new CliError(`${countProblems(loaded.problems.length)} in ${path}`);
}

interface OpenedFileOptions {
  readonly path: string;
  readonly text: string;
  readonly loader: ResourceFileLoader;
  readonly logger: Logger;
  readonly resources: resources.ResourceSet;
}

/** A resource file and what it takes to follow its edits. */
export class OpenedFile {
  readonly path: string;
  readonly text: string;
  readonly resources: resources.ResourceSet;
  readonly #loader: ResourceFileLoader;
  readonly #logger: Logger;

  constructor({ path, text, loader, logger, resources }: OpenedFileOptions) {
    this.path = path;
    this.text = text;
    this.resources = resources;
    this.#loader = loader;
    this.#logger = logger;
  }

  /** The state at start. Resolves with the store's revision that has it. */
  applyTo(controlPlane: ControlPlane): Promise<bigint> {
    return this.#apply(controlPlane, this.resources);
  }

  /** An edit. A bad one is logged, and the state before it stays. Never rejects. */
  async follow(text: string, controlPlane: ControlPlane): Promise<void> {
    try {
      const loaded = await this.#loader.load(text);
      if (loaded.ok) {
        await this.#apply(controlPlane, loaded.resources);
        return;
      }
      for (const problem of loaded.problems) {
        this.#logger.error({ event: "config-problem", file: this.path }, formatProblem(problem));
      }
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      this.#logger.error({ event: "config-problem", file: this.path }, detail);
    }
    this.#logger.error(
      { event: "config-rejected", file: this.path },
      "the edit is not in force, the state before it stays",
    );
  }

  stop(): Promise<void> {
    return this.#loader.stop();
  }

  async #apply(controlPlane: ControlPlane, set: resources.ResourceSet): Promise<bigint> {
    const { revision, changes } = await controlPlane
      .applyFile({ file: this.path, resources: set })
      .catch((error: unknown) => {
        const { rawMessage } = ConnectError.from(error);
        throw new CliError(`${this.path}: ${rawMessage}`, { cause: error });
      });
    this.#logger.info(
      { event: "config-applied", file: this.path, revision: String(revision), ...count(changes) },
      "configuration file applied",
    );
    return revision;
  }
}

/** How many resources met each fate; those of none are left out. */
function count(changes: readonly admin.Change[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { action } of changes) {
    const word = changeWord(action);
    counts[word] = (counts[word] ?? 0) + 1;
  }
  return counts;
}
