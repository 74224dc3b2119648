/** The shell's verdict. A closed set, documented in `headgate --help`. */
export const exitStatus = { ok: 0, failed: 1, usage: 2 } as const;

export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus];

/** A failure whose message says what to do. Shown as one line, without a stack. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly status: ExitStatus;

  constructor(message: string, options: { status?: ExitStatus; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.status = options.status ?? exitStatus.failed;
  }
}
