import { once } from "node:events";
import { rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import type { TcpAddress } from "@headgate/config";
import { ListenError } from "./listen-error.ts";

/**
 * With SO_REUSEPORT the kernel lets a second gateway of the same user share our port, and each
 * would get half of the other's calls. So we bind it once without, which only works when it is free.
 *
 * @throws ListenError
 */
export async function assertPortFree(address: TcpAddress): Promise<void> {
  const server = createServer();
  try {
    server.listen({ host: address.host, port: address.port, exclusive: true });
    await once(server, "listening");
  } catch (reason) {
    throw new ListenError({ listener: "proxy", address, ...systemFailure(reason) });
  }
  server.close();
  await once(server, "close");
}

/** A killed process leaves its socket file behind, and nobody can listen there until it is gone. */
export async function removeStaleSocket(socketPath: string): Promise<void> {
  const socket = connect(socketPath);
  try {
    await once(socket, "connect");
  } catch (reason) {
    if (systemFailure(reason).code === "ECONNREFUSED") rmSync(socketPath, { force: true });
    return;
  } finally {
    socket.destroy();
  }
  const address = { kind: "unix", path: socketPath } as const;
  throw new ListenError({ listener: "proxy", address, code: "EADDRINUSE", detail: "in use" });
}

/** The code and words of a system error, whatever was thrown. */
export function systemFailure(reason: unknown): { code: string; detail: string } {
  const detail = reason instanceof Error ? reason.message : String(reason);
  const code = reason instanceof Error && "code" in reason ? String(reason.code) : "UNKNOWN";
  return { code, detail };
}
