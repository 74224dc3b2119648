import { Code } from "@connectrpc/connect";

export interface RefusalOptions {
  /** Who it is, where that much was proved; else "anonymous". */
  readonly actor?: string;
  readonly code?: Code.Unauthenticated | Code.PermissionDenied;
}

/**
 * A caller is not let in, for who it is. Everything thrown as this is audited (see http/gates.ts).
 * The message is shown to the caller and kept in the audit log: it says what is needed, and never
 * repeats what was shown.
 *
 * Not a ConnectError: `instanceof` of its subclasses holds for every ConnectError.
 */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: Code.Unauthenticated | Code.PermissionDenied;
  readonly actor: string | undefined;

  constructor(message: string, { actor, code = Code.Unauthenticated }: RefusalOptions = {}) {
    super(message);
    this.actor = actor;
    this.code = code;
  }
}
