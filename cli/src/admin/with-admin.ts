import {
  type AdminClient,
  AdminError,
  createAdminClient,
  DeadlineExceededError,
  systemErrorCode,
  UnauthenticatedError,
  UnavailableError,
  UnimplementedError,
  UnknownError,
} from "@headgate/sdk";
import { CliError } from "../cli-error.ts";
import type { AdminFlags } from "../commands/admin-flags.ts";
import { type FoundToken, findAdminToken, tokenPlaces } from "./admin-token.ts";
import { unreachableHint } from "./unreachable-hint.ts";

/** Large applies write many resources; everything else answers in milliseconds. */
const timeoutMs = 60_000;

/** Run `task` against the admin API. Its refusals come out as errors that say what to do. */
export async function withAdmin<T>(
  flags: AdminFlags,
  task: (client: AdminClient) => Promise<T>,
): Promise<T> {
  const found = findAdminToken(flags);
  if (found === undefined) {
    throw new CliError(`no admin token; looked in ${tokenPlaces(flags)}`);
  }
  const client = createAdminClient({ server: flags.server, token: found.token, timeoutMs });
  try {
    return await task(client);
  } catch (error) {
    throw error instanceof AdminError ? explained(error, { flags, found }) : error;
  }
}

interface Circumstances {
  readonly flags: AdminFlags;
  readonly found: FoundToken;
}

function explained(error: AdminError, circumstances: Circumstances): CliError {
  return new CliError(explanation(error, circumstances), { cause: error });
}

function explanation(error: AdminError, { flags, found }: Circumstances): string {
  const message = error.rawMessage;
  // The control plane may answer, and say that its store does not.
  if (error instanceof UnavailableError && message.startsWith("no answer:")) {
    const code = systemErrorCode(error) ?? message;
    return `cannot reach ${flags.server} (${code}): ${unreachableHint(flags.server, code)}`;
  }
  if (error instanceof UnauthenticatedError) {
    return (
      `${flags.server} refuses the admin token from ${found.origin}; ` +
      `it is looked for in ${tokenPlaces(flags)}`
    );
  }
  if (error instanceof DeadlineExceededError) {
    return `${flags.server} did not answer within ${timeoutMs / 1000} s: is it overloaded, or not a Headgate?`;
  }
  if (error instanceof UnimplementedError || error instanceof UnknownError) {
    return `${flags.server} does not speak the admin API${message && ` (${message})`}: --server wants the admin port, 8081 by default`;
  }
  return message;
}
