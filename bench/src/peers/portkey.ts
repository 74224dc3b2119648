import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "../process/free-port.ts";
import type { Peer, Probe } from "./peer.ts";

const home = new URL("../../peers/node_modules/@portkey-ai/gateway/", import.meta.url);

/**
 * The published build of `@portkey-ai/gateway`. It has no configuration file: clients say in
 * headers which provider they want and where it is.
 */
export const portkey: Peer = {
  name: "portkey",
  probe,
  prepare: async ({ upstreamPort }) => {
    const port = await freePort();
    const program = fileURLToPath(new URL("build/start-server.js", home));
    return {
      origin: `http://127.0.0.1:${port}`,
      headers: {
        authorization: "Bearer sk-bench",
        "x-portkey-provider": "openai",
        "x-portkey-custom-host": `http://127.0.0.1:${upstreamPort}/v1`,
      },
      command: { file: process.execPath, args: [program, `--port=${port}`, "--headless"] },
      dispose: async () => {},
    };
  },
};

async function probe(): Promise<Probe> {
  try {
    const { version } = JSON.parse(await readFile(new URL("package.json", home), "utf8"));
    return { available: true, version: String(version) };
  } catch {
    return { available: false, reason: "not installed: run npm ci --prefix bench/peers" };
  }
}
