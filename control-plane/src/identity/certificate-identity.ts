import { regionNamePattern } from "@headgate/config";
import type { NodePrincipal } from "../auth/principal.ts";
import { certificateProblem, type PeerCertificate } from "../http/peer-certificate.ts";
import { nodeNamePattern } from "./node-name.ts";

export type CertificateIdentity =
  | { readonly ok: true; readonly principal: NodePrincipal }
  | { readonly ok: false; readonly reason: string };

const spiffePattern = /^spiffe:\/\/[a-z0-9._-]{1,255}\/region\/([^/]+)\/node\/(.+)$/;

/**
 * The node that a certificate stands for: its one SPIFFE id, `spiffe://<trust domain>/region/<region>/node/<node>`.
 * The trust domain is not compared: who signed the certificate is. https://spiffe.io/docs/latest/spiffe-specs/spiffe-id/
 */
export function certificateIdentity(
  certificate: Pick<PeerCertificate, "authorized" | "error" | "subject" | "uris" | "validToMs">,
  nowMs: number,
): CertificateIdentity {
  const problem = certificateProblem({ fingerprint: "", ...certificate }, nowMs);
  if (problem !== undefined) {
    return refused(`the client certificate of ${certificate.subject} is refused: ${problem}`);
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
