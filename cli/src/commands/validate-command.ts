import { Command, Option } from "commander";
import type { Io } from "../io.ts";

export type FileKind = "resources" | "control-plane" | "data-plane";

export interface ValidateFlags {
  readonly file?: string;
  readonly kind?: FileKind;
}

const examples = `
Examples:
  headgate validate -f headgate.yaml
  headgate validate -f data-plane.yaml
  cat headgate.yaml | headgate validate -f -

All problems are printed, as file:line:column path: what, and what would be right. Variables
(\${NAME}) are taken from the environment, as they will be in production.`;

export function validateCommand(io: Io): Command {
  return new Command("validate")
    .description("check a file without running anything")
    .option("-f, --file <file>", "the file; - is standard input")
    .addOption(
      new Option("--kind <kind>", "what the file is (default: told from its keys)").choices([
        "resources",
        "control-plane",
        "data-plane",
      ]),
    )
    .addHelpText("after", examples)
    .action(async (flags: ValidateFlags) => {
      const { validate } = await import("../validate.ts");
      await validate(io, flags);
    });
}
