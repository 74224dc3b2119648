import { CliError } from "../cli-error.ts";
import type { DemoProviderFlags } from "../commands/demo-provider-command.ts";
import type { Io } from "../io.ts";
import { stopped } from "../stopped.ts";
import { type DemoProvider, startDemoProvider } from "./demo-provider.ts";

/** `headgate demo-provider`: runs until told to stop. */
export async function demoProvider(io: Io, flags: DemoProviderFlags): Promise<void> {
  const stop = io.stopSignal();
  const provider = await start(flags);
  io.stdout.write(`demo provider listens on ${provider.baseUrl}\n`);
  await stopped(stop);
  await provider.stop();
}

async function start({ host, port }: DemoProviderFlags): Promise<DemoProvider> {
  try {
    return await startDemoProvider({ host, port });
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new CliError(`cannot listen on ${host}:${port} (${detail}): choose another --port`, {
      cause: error,
    });
  }
}
