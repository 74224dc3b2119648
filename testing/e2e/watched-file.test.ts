import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createAdminClient } from "@headgate/sdk";
import {
  type FakeProvider,
  type LogLine,
  type RunningUp,
  runHeadgate,
  startFakeProvider,
  startUp,
  temporaryFolder,
} from "@headgate/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chatStatus } from "./chat.ts";
import { eventually } from "./eventually.ts";

const key = "sk-hg-watched-file-0123456789";

describe("the file that `headgate up` watches", () => {
  let resourcesOfTest: AsyncDisposableStack;
  let provider: FakeProvider;
  let up: RunningUp;

  beforeEach(async () => {
    resourcesOfTest = new AsyncDisposableStack();
    provider = resourcesOfTest.use(await startFakeProvider());
    up = resourcesOfTest.use(await startUp({ config: yaml(["one"]) }));
  });
  afterEach(() => resourcesOfTest.disposeAsync());

  it("adds what an edit adds and prunes what it no longer names, but not what the API made", async () => {
    const client = adminClient();
    const byApi = { name: "by-api", deployments: [{ provider: "fake", model: "upstream-by-api" }] };
    await client.createModel({ model: byApi });
    await becomes("by-api", 200);

    writeFileSync(up.configFile, yaml(["one", "two"]));
    await becomes("two", 200);
    expect(provider.requests.at(-1)?.json()).toMatchObject({ model: "upstream-two" });

    writeFileSync(up.configFile, yaml(["two"]));
    await becomes("one", 404);
    expect(await status("two")).toBe(200);
    expect(await status("by-api")).toBe(200);
    const lines = up.process.logs.lines.filter(isEvent("config-applied"));
    expect(lines.at(-1)).toMatchObject({ file: up.configFile, deleted: 1 });
  });

  it("changes what is in force in one step: nobody sees a state between", async () => {
    const seen = new Set<string>();
    for (const next of ["two", "one", "two", "one"]) {
      writeFileSync(up.configFile, yaml([next, `beside-${next}`]));
      await eventually(async () => {
        const models = await listedModels();
        seen.add(models);
        expect(models).toBe(`beside-${next} ${next}`);
      });
    }
    const whole = ["one", "beside-one one", "beside-two two"];
    expect([...seen].filter((models) => !whole.includes(models))).toEqual([]);
  });

  it("says of a bad edit where it is bad, all at once, and leaves in force what was", async () => {
    const bad = `${yaml(["one", "two"])}modles: []\nteams: [{name: "no good"}]\n`;
    writeFileSync(up.configFile, bad);
    await up.process.logs.waitFor(isEvent("config-rejected"), "the edit to be refused");
    const problems = up.process.logs.lines.filter(isEvent("config-problem"));
    const lineOf = (text: string) => bad.slice(0, bad.indexOf(text)).split("\n").length;
    expect(problems.map((line) => line["msg"])).toEqual([
      expect.stringContaining(`${up.configFile}:${lineOf("modles")}:1 modles: unknown key`),
      expect.stringMatching(
        new RegExp(`^${up.configFile}:${lineOf("no good")}:\\d+ teams\\[0\\]\\.name: `),
      ),
    ]);
    expect(await status("one")).toBe(200);
    expect(await status("two")).toBe(404);

    writeFileSync(up.configFile, "models: [{name: ");
    await eventually(async () => expect(rejections()).toBe(2));
    writeFileSync(up.configFile, yaml(["one"]).replace("provider: fake", "provider: gone"));
    await eventually(async () => expect(rejections()).toBe(3));
    expect(up.process.logs.tail()).toContain('there is no provider \\"gone\\"');
    expect(await status("one")).toBe(200);

    writeFileSync(up.configFile, yaml(["one", "two"]));
    await becomes("two", 200);
  });

  it("alone may change what it names", async () => {
    const managed = `is managed by file ${up.configFile}: change it there`;
    const client = adminClient();
    const model = await client.getModel({ name: "one" });
    await expect(client.updateModel({ model })).rejects.toThrow(managed);
    await expect(client.deleteModel({ name: "one" })).rejects.toThrow(managed);
    await expect(client.rotateKey({ name: "watched" })).rejects.toThrow(managed);
    const env = { HEADGATE_SERVER: up.adminUrl, HEADGATE_ADMIN_TOKEN: up.adminToken };
    const result = await runHeadgate(["delete", "provider", "fake"], { folder: up.folder, env });
    expect(result).toMatchObject({ code: 1, output: expect.stringContaining(managed) });
    expect(await status("one")).toBe(200);

    // What the file lets go, the API may have.
    writeFileSync(up.configFile, yaml(["two"]));
    await becomes("one", 404);
    await client.createModel({ model: { name: "one", deployments: [{ provider: "fake" }] } });
    await becomes("one", 200);
  });

  it("is followed when an editor renames a new one into its place, or writes in steps", async () => {
    const aside = `${up.configFile}.swp`;
    for (const name of ["two", "three"]) {
      writeFileSync(aside, yaml(["one", name]));
      renameSync(aside, up.configFile);
      await becomes(name, 200);
    }
    const text = yaml(["one", "four"]);
    writeFileSync(up.configFile, "");
    for (let at = 0; at < text.length; at += 64) {
      writeFileSync(up.configFile, text.slice(at, at + 64), { flag: "a" });
    }
    await becomes("four", 200);
    expect(await status("three")).toBe(404);
  });

  it("may go away for a while: what it gave stays", async () => {
    rmSync(up.configFile);
    await up.process.logs.waitFor(isEvent("config-lost"), "the loss of the file");
    expect(await status("one")).toBe(200);
    writeFileSync(up.configFile, yaml(["one", "two"]));
    await becomes("two", 200);
  });

  it("is followed through the links of a mounted ConfigMap", async () => {
    using folder = temporaryFolder();
    const mount = (version: string, models: readonly string[]) => {
      mkdirSync(join(folder.path, version));
      writeFileSync(join(folder.path, version, "up.yaml"), yaml(models));
      symlinkSync(version, join(folder.path, "..new"));
      renameSync(join(folder.path, "..new"), join(folder.path, "..data"));
    };
    mount("..2026_1", ["one"]);
    symlinkSync(join("..data", "up.yaml"), join(folder.path, "up.yaml"));
    const flags = ["--config", join(folder.path, "up.yaml")];
    up = resourcesOfTest.use(await startUp({ config: yaml(["other"]), flags }));
    expect(await status("one")).toBe(200);
    // The first may still be found by the look at the start, the second only by watching.
    for (const name of ["two", "three"]) {
      mount(`..2026_${name}`, ["one", name]);
      await becomes(name, 200);
    }
  });

  function yaml(models: readonly string[]): string {
    const entries = models.map(
      (name) => `  - {name: ${name}, deployments: [{provider: fake, model: upstream-${name}}]}`,
    );
    return `providers:
  - name: fake
    type: openai-compatible
    base_url: ${provider.baseUrl}
    credentials: [{name: fake-a, api_key: sk-upstream}]
models:
${entries.join("\n")}
keys: [{name: watched, secret: ${key}}]
`;
  }

  function adminClient() {
    return createAdminClient({ server: up.adminUrl, token: up.adminToken });
  }

  async function listedModels(): Promise<string> {
    const headers = { authorization: `Bearer ${key}` };
    const response = await fetch(`${up.proxyUrl}/v1/models`, { headers });
    // Sound because the comparison fails for anything else.
    const { data } = (await response.json()) as { data: readonly { id: string }[] };
    return data
      .map(({ id }) => id)
      .toSorted()
      .join(" ");
  }

  function rejections(): number {
    return up.process.logs.lines.filter(isEvent("config-rejected")).length;
  }

  function status(model: string): Promise<number> {
    return chatStatus({ proxyUrl: up.proxyUrl, key, model });
  }

  async function becomes(model: string, wanted: number): Promise<void> {
    await eventually(async () => expect(await status(model)).toBe(wanted));
  }
});

function isEvent(name: string): (line: LogLine) => boolean {
  return (line) => line["event"] === name;
}
