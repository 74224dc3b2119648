import { Code } from "@connectrpc/connect";
import { type Authority, type CertificateRequest, createAuthority } from "@headgate/testing";
import { type Claim, RawNode } from "./raw-node.ts";
import type { Row } from "./row.ts";
import { eu, type World } from "./world.ts";

const good: CertificateRequest = {
  commonName: "eu-1",
  uris: ["spiffe://headgate/region/eu/node/eu-1"],
};
const dayMs = 86_400_000;

/** Each beside the good certificate, which is let in. */
export const byCertificate: readonly Row[] = (
  [
    {
      name: "no certificate",
      shows: () => undefined,
      code: Code.Unauthenticated,
      message: /^discovery needs a client certificate or a node token/,
    },
    {
      name: "a certificate of another authority",
      shows: () => createAuthority("Somebody else").issue(good),
      code: Code.Unauthenticated,
      message: /^the client certificate of CN=eu-1 is refused: it is not signed by the client auth/,
    },
    {
      name: "a certificate of another authority, which it shows as well",
      shows: () => {
        const { cert, key, ca } = createAuthority("Somebody else").issue(good);
        return { cert: cert + ca, key };
      },
      code: Code.Unauthenticated,
      message: /^the client certificate of CN=eu-1 is refused: it is not signed by the client auth/,
    },
    {
      name: "an expired certificate",
      shows: (authority) =>
        authority.issue({
          ...good,
          notBefore: new Date(Date.now() - 2 * dayMs),
          notAfter: new Date(Date.now() - dayMs),
        }),
      code: Code.Unauthenticated,
      message: "the client certificate of CN=eu-1 is refused: it has expired",
    },
    {
      name: "a certificate that is not valid yet",
      shows: (authority) => authority.issue({ ...good, notBefore: new Date(Date.now() + dayMs) }),
      code: Code.Unauthenticated,
      message: "the client certificate of CN=eu-1 is refused: it is not valid yet",
    },
    {
      name: "a certificate for servers",
      shows: (authority) => authority.issue({ ...good, use: "server" }),
      code: Code.Unauthenticated,
      message: /^the client certificate of CN=eu-1 is refused: it is not for TLS clients/,
    },
    {
      name: "a certificate that names no node",
      shows: (authority) => authority.issue({ commonName: "eu-1" }),
      code: Code.Unauthenticated,
      message: "the client certificate has 0 SPIFFE ids, it must have one",
    },
    {
      name: "another node's name with its own certificate",
      shows: (authority) => authority.issue(good),
      says: { node: "eu-2", region: "eu" },
      code: Code.PermissionDenied,
      message: "the certificate is node eu-1's; it can't act for node eu-2",
      actor: /^node eu-1$/,
    },
    {
      name: "another region with its own certificate",
      shows: (authority) => authority.issue(good),
      says: { node: "eu-1", region: "us" },
      code: Code.PermissionDenied,
      message: "the certificate is for region eu, not for region us",
      actor: /^node eu-1$/,
    },
  ] satisfies readonly CertificateRow[]
).map(certificateRow);

interface CertificateRow extends Pick<Row, "name" | "code" | "message" | "actor"> {
  readonly shows: (authority: Authority) => { cert: string; key: string } | undefined;
  readonly says?: Claim;
}

function certificateRow({ shows, says = eu("eu-1"), ...row }: CertificateRow): Row {
  const stream = async (
    { grpcUrl, authority }: World,
    shown: ReturnType<typeof shows>,
    as: Claim,
  ) => {
    const { cert, key } = shown ?? {};
    using node = new RawNode(grpcUrl, {
      ca: authority.ca,
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
    });
    return await node.stream(as);
  };
  return {
    ...row,
    method: "StreamSnapshots",
    refused: (world) => stream(world, shows(world.authority), says),
    letIn: (world) => stream(world, world.authority.issue(good), eu("eu-1")),
  };
}
