import type { Command, Option } from "commander";
import type { Environment } from "./io.ts";

/** Names older or better known than the rule gives, tried first. */
const otherNames: Readonly<Record<string, string>> = { token: "HEADGATE_ADMIN_TOKEN" };

const yes = new Set(["1", "true", "yes", "on"]);
const no = new Set(["0", "false", "no", "off"]);

/** The environment variables that stand in for a flag: `--admin-port` has HEADGATE_ADMIN_PORT. */
export function envTwins(flag: string): readonly string[] {
  const ruled = `HEADGATE_${flag.replaceAll("-", "_").toUpperCase()}`;
  const other = otherNames[flag];
  return other === undefined ? [ruled] : [other, ruled];
}

/** Give the flags that were not on the command line the value of their twin. Empty counts as not set. */
export function applyEnvTwins(command: Command, env: Environment): void {
  for (const option of command.options) {
    const attribute = option.attributeName();
    if (command.getOptionValueSource(attribute) === "cli") continue;
    for (const twin of envTwins(option.long?.replace(/^--/, "") ?? attribute)) {
      const text = env[twin];
      if (text === undefined || text === "") continue;
      command.setOptionValueWithSource(
        attribute,
        twinValue(option, { twin, text, command }),
        "env",
      );
      break;
    }
  }
}

interface Twin {
  readonly twin: string;
  readonly text: string;
  readonly command: Command;
}

function twinValue(option: Option, { twin, text, command }: Twin): unknown {
  if (!option.isBoolean()) {
    try {
      return option.parseArg ? option.parseArg(text, undefined) : text;
    } catch (error) {
      // What parsers throw is commander's InvalidArgumentError.
      const detail = error instanceof Error ? error.message : String(error);
      return command.error(`error: ${twin} '${text}' is invalid. ${detail}`);
    }
  }
  const word = text.toLowerCase();
  if (yes.has(word)) return true;
  if (no.has(word)) return undefined;
  return command.error(`error: ${twin} '${text}' is invalid. It is a switch: say 1 or 0.`);
}
