import { Code, ConnectError } from "@connectrpc/connect";
import { systemErrorCode } from "@headgate/sdk";
import type { Write } from "./write-ledger.ts";

/** The word for the error, and whether it says for sure that nothing was written. */
export function writeFailure(error: unknown): Pick<Write, "outcome" | "code"> {
  if (systemErrorCode(error) === "ECONNREFUSED") return { outcome: "refused", code: "no listener" };
  const { code, message } = ConnectError.from(error);
  const isSure = code === Code.ResourceExhausted || message.includes("nothing was written");
  return { outcome: isSure ? "refused" : "unknown", code: wordFor(code) };
}

/** As the documentation has it: `DEADLINE_EXCEEDED`. */
function wordFor(code: Code): string {
  return Code[code].replaceAll(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
}
