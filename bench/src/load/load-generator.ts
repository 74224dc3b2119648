import { runClosedLoop } from "./closed-loop.ts";
import type { Command, LoadResult, Reply } from "./commands.ts";
import { HeldStreams } from "./held-streams.ts";
import { runOpenLoop } from "./open-loop.ts";

/** The program that plays the clients, in a process of its own. One command at a time. */
const heldStreams = new HeldStreams();

process.on("message", async ({ id, command }: { id: number; command: Command }) => {
  process.send?.(await reply(id, command));
});
process.on("disconnect", () => process.exit(0));

async function reply(id: number, command: Command): Promise<Reply> {
  try {
    return { id, result: await run(command) };
  } catch (error) {
    return { id, error: String(error) };
  }
}

function run(command: Command): Promise<LoadResult> {
  switch (command.type) {
    case "closed-loop":
      return runClosedLoop(command);
    case "open-loop":
      return runOpenLoop(command);
    case "hold":
      return heldStreams.open(command);
    case "release":
      return heldStreams.release();
  }
}
