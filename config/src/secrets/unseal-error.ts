/** Sealed bytes that do not open. Says nothing of what they hold. */
export class UnsealError extends Error {
  override readonly name = "UnsealError";
  readonly context: string;

  constructor(context: string, reason: string) {
    super(
      `cannot open the sealed ${context}: ${reason}. ` +
        "Is this the master key it was sealed with (HEADGATE_MASTER_KEY, or master.key)?",
    );
    this.context = context;
  }
}
