import { mkdtemp, readFile, rename, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@headgate/core";
import { afterEach, describe, expect, it, vi } from "vitest";
import { watchFile } from "./watch-file.ts";

describe("watchFile()", () => {
  it("tells of texts written in place", async () => {
    const { path, texts } = await watched("one");
    for (const text of ["two", "three"]) {
      await writeFile(path, text);
      await vi.waitFor(() => expect(texts.at(-1)).toBe(text), { timeout: 5_000 });
    }
  });

  it("tells of a file renamed into its place, again and again", async () => {
    const { path, texts } = await watched("one");
    for (const text of ["two", "three", "four"]) {
      await writeFile(`${path}.new`, text);
      await rename(`${path}.new`, path);
      await vi.waitFor(() => expect(texts.at(-1)).toBe(text), { timeout: 5_000 });
    }
  });

  it("tells of a ConfigMap link that is swapped", async () => {
    const directory = await mkdtemp(join(tmpdir(), "headgate-watch-"));
    await writeFile(join(directory, "v1"), "one");
    await writeFile(join(directory, "v2"), "two");
    await symlink("v1", join(directory, "..data"));
    await symlink("..data", join(directory, "file"));
    const { texts } = await watched("one", directory);
    // Twice: the first swap may be seen by the look at the start, the second only by its event.
    for (const [file, text] of [
      ["v2", "two"],
      ["v1", "one"],
    ] as const) {
      await symlink(file, join(directory, "..next"));
      await rename(join(directory, "..next"), join(directory, "..data"));
      await vi.waitFor(() => expect(texts.at(-1)).toBe(text), { timeout: 5_000 });
    }
  });

  it("says once that the file is gone, and goes on when it is back", async () => {
    const { path, texts, lost } = await watched("one");
    await unlink(path);
    await vi.waitFor(() => expect(lost).toHaveLength(1), { timeout: 5_000 });
    await writeFile(path, "back");
    await vi.waitFor(() => expect(texts).toEqual(["back"]), { timeout: 5_000 });
    expect(lost).toHaveLength(1);
  });

  it("sees what changed before it began to watch", async () => {
    const { texts } = await watched("one", undefined, "changed since");
    await vi.waitFor(() => expect(texts).toEqual(["changed since"]), { timeout: 5_000 });
  });

  it("keeps quiet when the file was written with the same text", async () => {
    const { path, texts } = await watched("one");
    await writeFile(path, "one");
    await writeFile(path, "two");
    await vi.waitFor(() => expect(texts).toEqual(["two"]), { timeout: 5_000 });
  });

  it("misses no change while one is being applied", async () => {
    let release = (): void => {};
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { path, texts } = await watched("one", undefined, "one", () => slow);
    await writeFile(path, "two");
    await vi.waitFor(() => expect(texts).toEqual(["two"]), { timeout: 5_000 });
    await writeFile(path, "three");
    release();
    await vi.waitFor(() => expect(texts).toEqual(["two", "three"]), { timeout: 5_000 });
  });
});

const stoppers: AbortController[] = [];
const directories: string[] = [];
afterEach(async () => {
  for (const stopper of stoppers.splice(0)) stopper.abort();
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
});

/** Watch `file` in a directory; `onDisk` is what it holds when the watch begins. */
async function watched(
  text: string,
  directory?: string,
  onDisk = text,
  apply: () => Promise<void> = () => Promise.resolve(),
) {
  const place = directory ?? (await mkdtemp(join(tmpdir(), "headgate-watch-")));
  directories.push(place);
  const path = join(place, "file");
  if (directory === undefined) await writeFile(path, onDisk);
  expect(await readFile(path, "utf8")).toBe(onDisk);
  const stopper = new AbortController();
  stoppers.push(stopper);
  const texts: string[] = [];
  const lost: unknown[] = [];
  watchFile({
    path,
    text,
    clock: systemClock,
    signal: stopper.signal,
    onText: (next) => {
      texts.push(next);
      return apply();
    },
    onLost: (error) => void lost.push(error),
  });
  return { path, texts, lost };
}
