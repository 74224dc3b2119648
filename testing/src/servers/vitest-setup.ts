import { etcdProgram, findServerProgram, natsProgram } from "./find-server-program.ts";

/** Before all tests: what they need is there, or they are told now what to install. */
export default async function setup(): Promise<void> {
  for (const wanted of [etcdProgram, natsProgram]) {
    try {
      await findServerProgram(wanted);
    } catch (error) {
      process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
}
