const certificate = /CERT|SELF_SIGNED|VERIFY_LEAF|ALTNAME/;

/** What to do about an admin API that cannot be reached, by the system's code for why. */
export function unreachableHint(server: string, code: string): string {
  if (certificate.test(code)) {
    return "its certificate is not trusted here: NODE_EXTRA_CA_CERTS=FILE names the authority that signed it, and the host must be one it is good for";
  }
  if (code.includes("NO_APPLICATION_PROTOCOL")) {
    return "--server wants the admin port, 8081 by default";
  }
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER" || code === "ERR_SSL_PACKET_LENGTH_TOO_LONG") {
    return "it has no TLS: use http://";
  }
  if (code === "UND_ERR_SOCKET" && server.startsWith("http:")) {
    return "it ended the connection: if it has TLS, use https://";
  }
  return "is `headgate up` running? Another address: --server URL or HEADGATE_SERVER";
}
