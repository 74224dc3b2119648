import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { gzipSync } from "node:zlib";
import { type RunningUp, startUp } from "@headgate/testing";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type InstalledPackages, installPackages } from "./installed-packages.ts";

/** Names that only stay where their code does. */
const parts = {
  watch: /\bwatchResources\$?\d*\(client|function closedWithLoop|class Watchdog/,
  audit: /function auditEntries|async function\* auditEntries|\blistAuditEntries\(/,
  export: /\bfunction exportAll\b/,
  listing: /\bpageFetchers\b|\blistProviders\(/,
  "the nodes' protocol": /\bfile_headgate_discovery/,
  "gRPC's own services": /\bfile_grpc_/,
};

describe("the SDK in a bundle", { timeout: 120_000 }, () => {
  let installed: InstalledPackages;
  let up: RunningUp;
  beforeAll(async () => {
    installed = await installPackages();
    up = await startUp({ config: "teams: [{name: everyone}]\n" });
  }, 120_000);
  afterAll(async () => {
    await up?.[Symbol.asyncDispose]();
    installed?.[Symbol.dispose]();
  });

  const bundle = async (
    source: string,
    { minify = false, format = "esm" }: { minify?: boolean; format?: "esm" | "iife" } = {},
  ) => {
    const input = join(installed.project, "entry.js");
    writeFileSync(input, source);
    const warnings: string[] = [];
    const build = await rolldown({
      input,
      platform: "browser",
      onLog: (_level, { message }) => void warnings.push(message),
    });
    const { output } = await build.generate({ format, minify, codeSplitting: false });
    await build.close();
    return { code: output[0].code, warnings };
  };

  const clientAlone = 'export { createAdminClient } from "@headgate/sdk";';

  it.each(Object.entries(parts))(
    "without %s, where only the client is used",
    async (_name, part) => {
      expect((await bundle(clientAlone)).code).not.toMatch(part);
    },
  );

  // Or the patterns above would find nothing, ever.
  it.each(["watch", "audit", "export", "listing"] as const)(
    "with %s, where all is",
    async (name) => {
      expect((await bundle('export * from "@headgate/sdk";')).code).toMatch(parts[name]);
    },
  );

  it("is small", async () => {
    const { code } = await bundle(clientAlone, { minify: true });
    const bytes = Buffer.byteLength(code);
    const zipped = gzipSync(code).byteLength;
    console.info(`createAdminClient alone: ${bytes} bytes, ${zipped} with gzip`);
    expect(zipped).toBeLessThan(64 * 1024);
  });

  it("imports nothing of Node's", async () => {
    const { code, warnings } = await bundle('export * from "@headgate/sdk";');
    expect(warnings).toEqual([]);
    const imports = code.match(/["']node:\w+|\brequire\(|^import\b.*|^export\b.*\bfrom\b.*/gm);
    expect(imports).toBeNull();
  });

  it("runs where only a browser's globals are", async () => {
    const { code } = await bundle(browserProgram, { format: "iife" });
    const page = createContext({
      ...webGlobals(),
      settings: { server: up.adminUrl, token: up.adminToken },
    });
    expect(await runInContext(`${code}; result`, page)).toEqual({
      names: ["everyone"],
      events: ["everyone"],
      refused: "NotFoundError",
      unreachable: "UnavailableError",
    });
  });
});

const browserProgram = `
  import * as sdk from "@headgate/sdk";
  async function run() {
    const client = sdk.createAdminClient(settings);
    const names = [];
    for await (const team of sdk.listAll(client, "team")) names.push(team.name);
    const events = [];
    for await (const answer of sdk.watchResources(client, { kinds: ["team"] })) {
      events.push(...answer.events.map((event) => event.name));
      if (answer.synced) break;
    }
    const classOf = (error) => Object.keys(sdk).filter((name) =>
      name !== "AdminError" && name.endsWith("Error") && error instanceof sdk[name]).join();
    const refused = await client.getTeam({ name: "nobody" }).catch(classOf);
    const nobody = sdk.createAdminClient({ server: "http://127.0.0.1:1", token: "t", attemptsMax: 1 });
    const unreachable = await nobody.listNodes({}).catch(classOf);
    return { names, events, refused, unreachable };
  }
  globalThis.result = run();
`;

/** What pages have and the SDK may use. */
function webGlobals(): Record<string, unknown> {
  const { fetch, Headers, Request, Response, URL, URLSearchParams } = globalThis;
  const { AbortController, AbortSignal, DOMException, Event, EventTarget } = globalThis;
  const { ReadableStream, TransformStream, WritableStream } = globalThis;
  const { TextDecoder, TextEncoder, atob, btoa, clearTimeout, setTimeout, console } = globalThis;
  return {
    ...{ fetch, Headers, Request, Response, URL, URLSearchParams },
    ...{ AbortController, AbortSignal, DOMException, Event, EventTarget },
    ...{ ReadableStream, TransformStream, WritableStream },
    ...{ TextDecoder, TextEncoder, atob, btoa, clearTimeout, setTimeout, console },
  };
}
