/**
 * Bundle for release: `npm run build`. Two programs, the CLI with both planes and the worker, each
 * with all it needs, so that a start reads a few files instead of a thousand. With `--if-stale`,
 * nothing is done when the bundle is newer than its sources.
 */
import { rmSync } from "node:fs";
import { build } from "rolldown";
import { freshBundle } from "../cli/bin/fresh-bundle.js";

const outputFolder = "cli/dist";

if (!(process.argv.includes("--if-stale") && freshBundle())) {
  rmSync(outputFolder, { recursive: true, force: true });
  await build({
    input: { headgate: "cli/src/main.ts", worker: "data-plane/src/worker.ts" },
    platform: "node",
    // Reads its protobuf definitions from files beside it.
    external: ["etcd3"],
    logLevel: "warn",
    output: {
      dir: outputFolder,
      format: "esm",
      entryFileNames: "[name].js",
      chunkFileNames: "chunk-[hash].js",
      minify: { mangle: false, compress: true, codegen: { removeWhitespace: true } },
    },
  });
}
