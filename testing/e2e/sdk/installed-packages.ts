import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { temporaryFolder } from "@headgate/testing";

export const repository = resolve(import.meta.dirname, "..", "..", "..");

const execute = promisify(execFile);

/** The packages as users get them, in the `node_modules` of a project of their own. */
export interface InstalledPackages extends Disposable {
  /** The user's project. */
  readonly project: string;
  /** The paths in each tarball, sorted. */
  readonly files: Readonly<Record<"proto" | "sdk", readonly string[]>>;
}

/**
 * Builds and packs both packages, and installs the tarballs without a registry: what they need, and
 * nothing else, is linked to what the repository has.
 */
export async function installPackages(): Promise<InstalledPackages> {
  const folder = temporaryFolder();
  const build = join(folder.path, "build");
  const project = join(folder.path, "project");
  mkdirSync(build);
  // Where the compiler finds the dependencies of what it builds.
  symlinkSync(join(repository, "node_modules"), join(build, "node_modules"));
  const script = join(repository, "scripts", "build-sdk.ts");
  await execute(process.execPath, [script, "--out", build], { cwd: repository });
  const proto = await install(build, project, "proto");
  const sdk = await install(build, project, "sdk");
  writeFileSync(join(project, "package.json"), '{"type": "module"}');
  return {
    project,
    files: { proto, sdk },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

async function install(build: string, project: string, name: string): Promise<string[]> {
  const target = join(project, "node_modules", "@headgate", name);
  mkdirSync(target, { recursive: true });
  const tarball = join(build, `headgate-${name}-${ownVersion(name)}.tgz`);
  const { stdout } = await execute("tar", ["-tzf", tarball]);
  await execute("tar", ["-xzf", tarball, "-C", target, "--strip-components=1"]);
  for (const dependency of Object.keys(manifestOf(target).dependencies)) link(project, dependency);
  return stdout
    .trim()
    .split("\n")
    .map((path) => path.replace(/^package\//, ""))
    .sort();
}

export interface PublishedManifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

export function manifestOf(folder: string): PublishedManifest {
  // Written by our own build.
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as PublishedManifest;
}

function ownVersion(name: string): string {
  return manifestOf(join(repository, name)).version;
}

function link(project: string, dependency: string): void {
  if (dependency.startsWith("@headgate/")) return;
  const path = join(project, "node_modules", dependency);
  mkdirSync(dirname(path), { recursive: true });
  try {
    symlinkSync(join(repository, "node_modules", dependency), path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}

/** What a program did, whatever that was. */
export async function outcomeOf(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<{ readonly code: unknown; readonly stdout: string; readonly stderr: string }> {
  const env = { ...process.env, ...options.env };
  const settings = { cwd: options.cwd, env, timeout: 60_000, encoding: "utf8" } as const;
  try {
    return { code: 0, ...(await execute(program, [...args], settings)) };
  } catch (error) {
    const { code, stdout = "", stderr = "" } = error as ExecFailure;
    return { code: code ?? "killed", stdout, stderr };
  }
}

/** As node:child_process documents it for a promisified execFile(). */
type ExecFailure = { code?: unknown; stdout?: string; stderr?: string };
