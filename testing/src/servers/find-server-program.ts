import { execFile } from "node:child_process";
import {
  accessSync,
  constants,
  globSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
} from "node:fs";
import { delimiter, join, resolve } from "node:path";
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
const fetchWithinMs = 300_000;

/** Debian installs servers where ordinary users do not look. */
const moreFolders = ["/usr/local/bin", "/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin"];

/** What was fetched is kept for the next time. Nothing is installed, so no service is started. */
const cacheFolder = resolve(import.meta.dirname, "../../../node_modules/.cache/headgate-servers");

/**
 * Where the program is: on PATH, else taken out of the distribution's package.
 *
 * @throws Error that says what to install.
 */
export async function findServerProgram(wanted: ServerProgram): Promise<string> {
  const found = onPath(wanted.program) ?? inCache(wanted);
  if (found !== undefined) return found;
  const reason = await tryFetch(wanted);
  const fetched = inCache(wanted);
  if (fetched !== undefined) return fetched;
  throw new Error(
    `the tests need ${wanted.program} and it is not on PATH: ` +
      `install it with \`apt-get install ${wanted.debianPackage}\` or \`brew install ${wanted.program}\`` +
      ` (getting the distribution's package was tried: ${reason ?? `it has no ${wanted.program}`})`,
  );
}

function onPath(program: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...moreFolders];
  return folders
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, program))
    .find(isExecutable);
}

function inCache({ program, debianPackage }: ServerProgram): string | undefined {
  return ["usr/bin", "usr/sbin"]
    .map((folder) => join(cacheFolder, debianPackage, folder, program))
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

/** Undefined when it worked, else why not. */
async function tryFetch(wanted: ServerProgram): Promise<string | undefined> {
  try {
    await fetchPackage(wanted).catch(async () => {
      // The lists of a fresh container are empty; only root may get them.
      const update = ["-o", "DPkg::Lock::Timeout=240", "update", "-qq"];
      await run("apt-get", update, { timeout: fetchWithinMs });
      await fetchPackage(wanted);
    });
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
  }
}

/** Unpacked aside and moved into place: several test files may do this at once. */
async function fetchPackage({ debianPackage }: ServerProgram): Promise<void> {
  mkdirSync(cacheFolder, { recursive: true });
  const aside = mkdtempSync(join(cacheFolder, `${debianPackage}-`));
  const options = { cwd: aside, timeout: fetchWithinMs };
  try {
    await run("apt-get", ["download", "-qq", debianPackage], options);
    const [archive] = globSync("*.deb", { cwd: aside });
    if (archive === undefined) throw new Error("apt-get download brought no package");
    await run("dpkg", ["-x", archive, "."], options);
    renameSync(aside, join(cacheFolder, debianPackage));
  } catch (error) {
    rmSync(aside, { recursive: true, force: true });
    // Somebody else was faster: that is as good.
    if (!(error instanceof Error && "code" in error && error.code === "ENOTEMPTY")) throw error;
  }
}
