// Which program to run: the bundle that `npm run build` makes starts in half the time and half the
// memory, but must not hide a change in the sources.
import { existsSync, readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const bundle = new URL("../dist/headgate.js", import.meta.url);
const source = new URL("../src/main.ts", import.meta.url);
const root = new URL("../../", import.meta.url);
const bundled = ["bus", "cli", "config", "control-plane", "core", "data-plane", "proto", "sdk"];

/** The bundle's URL if there is one that is newer than all it was made from; else undefined. */
export function freshBundle() {
  if (!existsSync(bundle)) return undefined;
  // As installed from a package, without sources.
  if (!existsSync(source)) return bundle;
  const madeMs = statSync(bundle).mtimeMs;
  const changed = (file) => statSync(file).mtimeMs > madeMs;
  if (changed(new URL("package-lock.json", root))) return undefined;
  return bundled.some((name) => sourcesOf(name).some(changed)) ? undefined : bundle;
}

/** Folders too: a file that was removed changes its folder. */
function sourcesOf(name) {
  const folder = fileURLToPath(new URL(`${name}/src/`, root));
  return [folder, ...readdirSync(folder, { recursive: true }).map((file) => folder + file)];
}

/** What to import: the fresh bundle, or the sources. */
export function program() {
  return (process.env["HEADGATE_SOURCES"] ? undefined : freshBundle()) ?? source;
}
