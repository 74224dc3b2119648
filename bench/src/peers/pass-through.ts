import { fileURLToPath } from "node:url";
import { freePort } from "../process/free-port.ts";
import type { Peer } from "./peer.ts";

/** node:http and undici, nothing else, in two ways of writing it: see bare.ts and lean.ts. */
export const bare: Peer = passThrough("bare");
export const lean: Peer = passThrough("lean");

function passThrough(name: "bare" | "lean"): Peer {
  const program = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  return {
    name,
    probe: async () => ({ available: true, version: `node ${process.versions.node}` }),
    prepare: async ({ upstreamPort }) => {
      const port = await freePort();
      const args = [program, String(port), `http://127.0.0.1:${upstreamPort}`];
      return {
        origin: `http://127.0.0.1:${port}`,
        headers: {},
        command: { file: process.execPath, args },
        dispose: async () => {},
      };
    },
  };
}
