import { withDeadline } from "./deadline.ts";
import { HeadgateProcess } from "./headgate-process.ts";

export interface CommandResult {
  readonly code: number | null;
  /** Standard output and standard error, in the order they came. */
  readonly output: string;
}

/** Runs a `headgate` command that ends by itself. */
export async function runHeadgate(
  args: readonly string[],
  options: { readonly folder: string; readonly env?: Readonly<Record<string, string>> },
): Promise<CommandResult> {
  await using process = new HeadgateProcess({ args, ...options });
  const { code } = await withDeadline(process.exited, `headgate ${args.join(" ")} to end`);
  return { code, output: process.logs.tail(Number.POSITIVE_INFINITY) };
}
