import { CliError } from "./cli-error.ts";

/** The error for an address that cannot be listened on, with what to do; any other error as it is. */
export function listenFailure(error: unknown, flagOrKey: string): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const detail = error instanceof Error ? error.message : String(error);
  switch (code) {
    case "EADDRINUSE":
      return new CliError(
        `${detail}: is another Headgate running? Stop it, or choose another ${flagOrKey}`,
        { cause: error },
      );
    case "EACCES":
      return new CliError(
        `${detail}: ports below 1024 need privileges; choose another ${flagOrKey}`,
        { cause: error },
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new CliError(`${detail}: this machine has no such address; see ${flagOrKey}`, {
        cause: error,
      });
    default:
      return error;
  }
}
