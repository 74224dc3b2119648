import { formatListenAddress, type ListenAddress } from "@headgate/config";

export interface ListenFailure {
  /** Which of the node's listeners. */
  readonly listener: "proxy" | "telemetry";
  readonly address: ListenAddress;
  /** The system's code, for example EADDRINUSE. */
  readonly code: string;
  /** What the system said; shown when we know no better. */
  readonly detail: string;
}

/** The node cannot start because it cannot listen. The message says where, why and what to do. */
export class ListenError extends Error {
  override readonly name = "ListenError";
  readonly listener: ListenFailure["listener"];
  readonly address: string;
  readonly code: string;

  constructor(failure: ListenFailure) {
    const address = formatListenAddress(failure.address);
    super(`cannot listen on ${address} (${failure.listener}): ${remedy(failure)}`);
    this.listener = failure.listener;
    this.address = address;
    this.code = failure.code;
  }
}

function remedy({ code, address, detail }: ListenFailure): string {
  const isSocket = address.kind === "unix";
  switch (code) {
    case "EADDRINUSE":
      return `another program listens there; stop it, or choose another ${isSocket ? "path" : "port"}`;
    case "EACCES":
    case "EPERM":
      return isSocket
        ? "no permission; choose a folder this user may write to"
        : "no permission; choose a port of 1024 or more, or grant CAP_NET_BIND_SERVICE";
    case "EADDRNOTAVAIL":
      return "this machine has no such address; choose one of its own, or 0.0.0.0 for all";
    case "ENOTFOUND":
      return "the host name is not known; give an IP address of this machine";
    case "ENOENT":
      return "the folder does not exist; create it, or choose another path";
    default:
      return detail;
  }
}
