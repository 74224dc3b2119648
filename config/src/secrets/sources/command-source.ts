import { execFile } from "node:child_process";
import { isAbsolute } from "node:path";
import type { Environment } from "../../yaml/interpolate.ts";
import { looksPublic, maskSecrets } from "./mask-secrets.ts";
import {
  checkedSecret,
  decodedSecret,
  type SecretContext,
  SecretError,
  type SecretSource,
} from "./secret-source.ts";

/** Of either output. A program that prints more is ended. */
const outputMaxBytes = 64 * 1024;

/** Ours, and of no use to a program that fetches a provider's key. */
const withheldVariables = ["HEADGATE_MASTER_KEY", "HEADGATE_ADMIN_TOKEN"];

/**
 * `{command: [PROGRAM, ARGUMENT, ...]}`: what a program prints, such as the client of a vault. It
 * runs as the user who runs Headgate, without a shell and with nothing to read, and with its
 * environment. It has to end with status 0.
 */
export function createCommandSource(env: Environment): SecretSource {
  const given = Object.entries(env).filter(([name]) => !withheldVariables.includes(name));
  const childEnv = Object.fromEntries(given);
  return {
    async read({ command }, context) {
      const [program = "", ...args] = command;
      const origin = `the command ${maskSecrets(program)}`;
      const outcome = await run(program, args, { ...context, env: childEnv });
      const failure = failureOf(outcome, context);
      if (failure === undefined)
        return checkedSecret(decodedSecret(outcome.stdout, origin), origin);
      const said = maskSecrets(outcome.stderr.toString(), [
        ...secretsAmong(args),
        `${outcome.stdout}`,
      ]);
      throw new SecretError(`${origin} ${failure}${said === "" ? "" : `: ${said}`}`);
    },
  };
}

/** A token may be an argument. Paths, names and whole scripts are what one wants to see. */
function secretsAmong(args: readonly string[]): readonly string[] {
  return args.filter((arg) => !/\s/.test(arg) && !looksPublic(arg));
}

interface Outcome {
  readonly error: unknown;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

interface RunOptions extends SecretContext {
  readonly env: NodeJS.ProcessEnv;
}

function run(
  program: string,
  args: readonly string[],
  { directory, signal, env }: RunOptions,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = {
      cwd: directory,
      env,
      encoding: "buffer",
      killSignal: "SIGKILL",
      maxBuffer: outputMaxBytes,
      windowsHide: true,
    } as const;
    try {
      const child = execFile(program, args, options, (error, stdout, stderr) => {
        signal.removeEventListener("abort", end);
        resolve({ error, stdout, stderr });
      });
      // Node's own `signal` option asks politely. Whoever inherited its outputs is not waited for.
      const end = (): void => {
        child.kill("SIGKILL");
        child.stdout?.destroy();
        child.stderr?.destroy();
      };
      signal.addEventListener("abort", end);
      // A program that wants to ask is told at once that nobody answers.
      child.stdin?.on("error", () => {}).end();
    } catch (error) {
      // A zero byte in an argument, say.
      resolve({ error, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) });
    }
  });
}

/** In words, never Node's: its messages hold the whole command line. */
function failureOf({ error }: Outcome, { signal, directory }: SecretContext): string | undefined {
  if (error === null) return undefined;
  if (signal.aborted) return "did not end in time, and was ended";
  if (!(error instanceof Error)) return "failed";
  const code = "code" in error ? error.code : undefined;
  if (typeof code === "number") return `failed with exit status ${code}`;
  switch (code) {
    case "ENOENT":
      return `cannot be found: give a program on PATH, or its path from ${shownDirectory(directory)}`;
    case "EACCES":
      return "may not be run: permission denied";
    case "ERR_CHILD_PROCESS_STDIO_MAXBUFFER":
      return `printed more than ${outputMaxBytes} bytes, and was ended`;
    default:
      return "signal" in error && typeof error.signal === "string"
        ? `was ended by ${error.signal}`
        : `cannot be run (${String(code ?? "unknown reason")})`;
  }
}

function shownDirectory(directory: string): string {
  return isAbsolute(directory) ? directory : `./${directory}`;
}
