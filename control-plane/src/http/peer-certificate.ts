import type { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";

/**
 * The client certificate of a connection. It may be a bad one: handshakes are completed with
 * whatever is shown, so that it is refused by a message that says why, and by an entry in the audit
 * log; a TLS alert has neither. Whoever trusts a certificate asks certificateProblem() first.
 */
export interface PeerCertificate {
  /** Signed by our client authority, and in force when the connection was made. */
  readonly authorized: boolean;
  /** Why not, as `CERT_HAS_EXPIRED`. */
  readonly error?: string;
  /** For people, as `CN=eu-west-1`. */
  readonly subject: string;
  /** Its subject alternative names of that type. */
  readonly uris: readonly string[];
  /** SHA-256, as `AB:CD:...`. */
  readonly fingerprint: string;
  /** On the wall clock. Connections may outlast it. */
  readonly validToMs: number;
}

/** Undefined: the certificate may be believed now. */
export function certificateProblem(
  { authorized, error, validToMs }: PeerCertificate,
  nowMs: number,
): string | undefined {
  if (!authorized) return wordsOf(error ?? "unknown");
  return nowMs < validToMs ? undefined : wordsOf("CERT_HAS_EXPIRED");
}

/** Undefined: the connection is not TLS, or the client showed none. */
export function peerCertificateFrom(socket: Socket | TLSSocket): PeerCertificate | undefined {
  if (!("getPeerX509Certificate" in socket)) return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return undefined;
  const { authorized = false, authorizationError } = socket;
  return {
    authorized,
    ...(!authorized && { error: errorCode(authorizationError) }),
    subject: certificate.subject?.replaceAll("\n", ", ") ?? "",
    uris: urisOf(certificate),
    fingerprint: certificate.fingerprint256,
    validToMs: Date.parse(certificate.validTo),
  };
}

/**
 * From `DNS:a.example, URI:spiffe://b/c`. Node quotes as JSON what could be mistaken for a
 * separator; text that is not of this form has no names, rather than some of them (CVE-2021-44532).
 */
export function urisFromSubjectAltName(text: string): readonly string[] {
  const uris: string[] = [];
  const entry = /([A-Za-z0-9 ]+):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/y;
  while (entry.lastIndex < text.length) {
    const match = entry.exec(text);
    if (!match) return [];
    const [, type, value = ""] = match;
    if (type === "URI") uris.push(value.startsWith('"') ? String(JSON.parse(value)) : value);
  }
  return uris;
}

function urisOf({ subjectAltName }: X509Certificate): readonly string[] {
  return urisFromSubjectAltName(subjectAltName ?? "");
}

/** Node's types say Error; it is OpenSSL's code as a text. */
function errorCode(error: unknown): string {
  return error instanceof Error ? error.message : String(error ?? "unknown");
}

function wordsOf(code: string): string {
  const words: Readonly<Record<string, string>> = {
    CERT_HAS_EXPIRED: "it has expired",
    CERT_NOT_YET_VALID: "it is not valid yet",
    DEPTH_ZERO_SELF_SIGNED_CERT: "it is self-signed",
    SELF_SIGNED_CERT_IN_CHAIN: "it is not signed by the client authority (tls.client_ca)",
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: "it is not signed by the client authority (tls.client_ca)",
    UNABLE_TO_GET_ISSUER_CERT: "it is not signed by the client authority (tls.client_ca)",
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "it is not signed by the client authority (tls.client_ca)",
    INVALID_PURPOSE: "it is not for TLS clients (extended key usage)",
  };
  return words[code] ?? code;
}
