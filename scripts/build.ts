/**
 * Bundle for release: `npm run build`. Two programs, the CLI with both planes and the worker, each
 * with all it needs, so that a start reads a few files instead of a thousand.
 */
import { rmSync } from "node:fs";
import { build } from "rolldown";

const outputFolder = process.argv[2] ?? "cli/dist";

rmSync(outputFolder, { recursive: true, force: true });
await build({
  input: { headgate: "cli/src/main.ts", worker: "data-plane/src/worker.ts" },
  platform: "node",
  // What CommonJS packages require of Node itself.
  external: [/^node:/],
  output: {
    dir: outputFolder,
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "chunk-[hash].js",
    minify: { mangle: false, compress: true, codegen: { removeWhitespace: true } },
    sourcemap: false,
  },
});
