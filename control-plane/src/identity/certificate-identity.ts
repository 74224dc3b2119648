import { regionNamePattern } from "@headgate/config";
import type { NodePrincipal } from "../auth/principal.ts";
import { nodeNamePattern } from "./node-name.ts";

/** What of a client's certificate matters here. */
export interface PresentedCertificate {
  /** Signed by our client authority, and valid today. */
  readonly authorized: boolean;
  /** Why not, in OpenSSL's words, such as "CERT_HAS_EXPIRED". */
  readonly error?: string | undefined;
  /** The URIs among its alternative names. */
  readonly uris: readonly string[];
}

export type CertificateIdentity =
  | { readonly ok: true; readonly principal: NodePrincipal }
  | { readonly ok: false; readonly reason: string };

const spiffePattern = /^spiffe:\/\/[a-z0-9._-]{1,255}\/region\/([^/]+)\/node\/(.+)$/;

/**
 * The node that a certificate stands for: its one SPIFFE id, `spiffe://<trust domain>/region/<region>/node/<node>`.
 * The trust domain is not compared: who signed the certificate is. https://spiffe.io/docs/latest/spiffe-specs/spiffe-id/
 */
export function certificateIdentity(certificate: PresentedCertificate): CertificateIdentity {
  if (!certificate.authorized) {
    return refused(
      `the client certificate is not valid (${certificate.error ?? "unknown reason"})`,
    );
  }
  const ids = certificate.uris.filter((uri) => uri.startsWith("spiffe://"));
  const [id, ...more] = ids;
  if (id === undefined || more.length > 0) {
    return refused(`the client certificate has ${ids.length} SPIFFE ids, it must have one`);
  }
  const [, region = "", node = ""] = spiffePattern.exec(id) ?? [];
  if (!regionNamePattern.test(region) || !nodeNamePattern.test(node)) {
    return refused("the SPIFFE id is not spiffe://<trust domain>/region/<region>/node/<node>");
  }
  return { ok: true, principal: { node, region, by: "certificate" } };
}

function refused(reason: string): CertificateIdentity {
  return { ok: false, reason };
}
