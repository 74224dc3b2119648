import { Command } from "commander";
import { applyCommand } from "./commands/apply-command.ts";
import { auditCommand } from "./commands/audit-command.ts";
import { controlPlaneCommand } from "./commands/control-plane-command.ts";
import { dataPlaneCommand } from "./commands/data-plane-command.ts";
import { deleteCommand } from "./commands/delete-command.ts";
import { demoProviderCommand } from "./commands/demo-provider-command.ts";
import { describeCommand } from "./commands/describe-command.ts";
import { diffCommand } from "./commands/diff-command.ts";
import { exportCommand } from "./commands/export-command.ts";
import { getCommand } from "./commands/get-command.ts";
import { joinTokensCommand } from "./commands/join-tokens-command.ts";
import { keysCommand } from "./commands/keys-command.ts";
import { nodesCommand } from "./commands/nodes-command.ts";
import { secretsCommand } from "./commands/secrets-command.ts";
import { statusCommand, whoAmICommand } from "./commands/status-command.ts";
import { tokensCommand } from "./commands/tokens-command.ts";
import { upCommand } from "./commands/up-command.ts";
import { validateCommand } from "./commands/validate-command.ts";
import { versionCommand } from "./commands/version-command.ts";
import { watchCommand } from "./commands/watch-command.ts";
import { applyEnvTwins } from "./env-twins.ts";
import type { Io } from "./io.ts";
import { paint } from "./paint.ts";
import { version } from "./version.ts";

const footer = `
Every flag has an environment twin: --admin-port is HEADGATE_ADMIN_PORT, --token is
HEADGATE_ADMIN_TOKEN. Flags beat the environment, which beats files.
Exit codes: 0 done, 1 failed, 2 wrong usage.`;

/** The command line. What a command needs to run is loaded when it runs, so that this stays quick. */
export function createProgram(io: Io): Command {
  const program = new Command("headgate")
    .description(
      "A balancer for LLM APIs: OpenAI-compatible, many providers, one limit for the world.",
    )
    .version(`headgate ${version}`, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    .addHelpText("after", footer);
  program.commandsGroup("Run:");
  program.addCommand(upCommand(io));
  program.addCommand(controlPlaneCommand(io));
  program.addCommand(dataPlaneCommand(io));
  program.addCommand(demoProviderCommand(io));
  program.commandsGroup("Configure:");
  program.addCommand(validateCommand(io));
  program.addCommand(applyCommand(io));
  program.addCommand(diffCommand(io));
  program.addCommand(exportCommand(io));
  program.addCommand(getCommand(io));
  program.addCommand(describeCommand(io));
  program.addCommand(deleteCommand(io));
  program.addCommand(keysCommand(io));
  program.commandsGroup("Let in:");
  program.addCommand(tokensCommand(io));
  program.addCommand(joinTokensCommand(io));
  program.addCommand(secretsCommand(io));
  program.commandsGroup("Look:");
  program.addCommand(nodesCommand(io));
  program.addCommand(statusCommand(io));
  program.addCommand(watchCommand(io));
  program.addCommand(auditCommand(io));
  program.addCommand(whoAmICommand(io));
  program.addCommand(versionCommand(io));
  program.addHelpCommand(
    new Command("help").argument("[command]").description("print the help of a command"),
  );
  program.hook("preAction", (_program, action) => applyEnvTwins(action, io.env));
  for (const command of allCommands(program)) prepare(command, io);
  return program;
}

function allCommands(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(allCommands)];
}

/** Nothing but runCli() ends the process, and text goes where `io` says. */
function prepare(command: Command, io: Io): void {
  command
    .exitOverride()
    .helpOption("-h, --help", "print this help")
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHasColors: () => io.stdout.hasColors,
      getErrHasColors: () => io.stderr.hasColors,
      outputError: (text, write) => write(text.replace(/^error: /, "headgate: ")),
    })
    .configureHelp({ styleTitle: (title) => paint(io.stdout, "bold", title) });
  if (command.commands.length === 0)
    command.showHelpAfterError(`(see: ${fullName(command)} --help)`);
}

function fullName(command: Command): string {
  return command.parent ? `${fullName(command.parent)} ${command.name()}` : command.name();
}
