/** Make anew all that is generated and committed: `npm run generate`. */
import { run } from "./run.ts";

run("buf", "lint");
run("buf", "generate");
run("node", "bench/src/main.ts", "--docs-only");
run("node", "scripts/provider-features.ts");
