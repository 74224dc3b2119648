import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { memoryIo } from "./memory-io.ts";
import { createProgram } from "./program.ts";
import { runCli } from "./run-cli.ts";

const introduction = `# The command line

What \`headgate COMMAND --help\` prints, for every command there is. A test compares this page with the program;
\`npx vitest run cli/src/reference-page.test.ts -u\` writes it anew.
`;

/** The words of a command and of all below it. `help` only prints what stands here. */
function commandsOf(command: Command): readonly (readonly string[])[] {
  const children = command.commands.filter((child) => child.name() !== "help");
  return [
    [],
    ...children.flatMap((child) => commandsOf(child).map((words) => [child.name(), ...words])),
  ];
}

async function sectionOf(words: readonly string[]): Promise<string> {
  const io = memoryIo();
  expect(await runCli([...words, "--help"], io)).toBe(0);
  expect(io.written.stderr).toBe("");
  const name = ["headgate", ...words].join(" ");
  return `## ${name}\n\n\`\`\`text\n${io.written.stdout.trimEnd()}\n\`\`\`\n`;
}

describe("docs/reference/cli.md", () => {
  it("is what the commands say of themselves", async () => {
    const commands = commandsOf(createProgram(memoryIo()));
    const sections = await Promise.all(commands.map(sectionOf));
    const page = [introduction, ...sections].join("\n");
    await expect(page).toMatchFileSnapshot("../../docs/reference/cli.md");
  });
});
