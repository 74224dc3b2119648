import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

/** A server that tests run for real. */
export interface ServerProgram {
  /** The file to run. */
  readonly program: "etcd" | "nats-server";
  /** Debian's and Ubuntu's package of it. */
  readonly debianPackage: "etcd-server" | "nats-server";
}

export const etcdProgram: ServerProgram = { program: "etcd", debianPackage: "etcd-server" };
export const natsProgram: ServerProgram = { program: "nats-server", debianPackage: "nats-server" };

const run = promisify(execFile);
const installWithinMs = 300_000;

/** Debian installs servers where ordinary users do not look. */
const moreFolders = ["/usr/local/bin", "/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin"];

/**
 * Where the program is: on PATH, else installed from the distribution's packages when we may.
 *
 * @throws Error that says what to install.
 */
export async function findServerProgram(wanted: ServerProgram): Promise<string> {
  const found = onPath(wanted.program);
  if (found !== undefined) return found;
  const reason = await tryInstall(wanted);
  const installed = onPath(wanted.program);
  if (installed !== undefined) return installed;
  throw new Error(
    `the tests need ${wanted.program} and it is not on PATH: ` +
      `install it with \`apt-get install ${wanted.debianPackage}\` or \`brew install ${wanted.program}\`` +
      (reason === undefined ? "" : ` (installing it was tried: ${reason})`),
  );
}

function onPath(program: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...moreFolders];
  return folders
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, program))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Undefined when it worked, else why not. Only root may; the service it brings is not started. */
async function tryInstall({ debianPackage }: ServerProgram): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return "not root";
  const options = {
    timeout: installWithinMs,
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" },
  };
  const lock = ["-o", "DPkg::Lock::Timeout=240"];
  try {
    await run("apt-get", [...lock, "update", "-qq"], options);
    await run(
      "apt-get",
      [...lock, "install", "-y", "-qq", "--no-install-recommends", debianPackage],
      options,
    );
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
  }
}
