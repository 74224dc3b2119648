import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type TLSSocket } from "node:tls";
import { describe, expect, it } from "vitest";
import { type Certificate, createAuthority } from "./certificates.ts";

describe("createAuthority()", () => {
  const authority = createAuthority();
  const server = authority.issue({ commonName: "server", use: "server" });

  it("issues what it is asked for", () => {
    const notAfter = new Date(Date.now() + 3_600_000);
    const uris = ["spiffe://headgate/region/eu/node/a"];
    const issued = authority.issue({ commonName: "a", hosts: ["a.test", "::1"], uris, notAfter });
    const certificate = new X509Certificate(issued.cert);
    expect(certificate.subject).toBe("CN=a");
    const names = "DNS:a.test, IP Address:0:0:0:0:0:0:0:1, URI:spiffe://headgate/region/eu/node/a";
    expect(certificate.subjectAltName).toBe(names);
    expect(Math.abs(Date.parse(certificate.validTo) - notAfter.getTime())).toBeLessThan(1000);
    expect(certificate.verify(new X509Certificate(authority.ca).publicKey)).toBe(true);
  });

  const clients = [
    { name: "its own client", client: authority.issue({ commonName: "c" }), result: "c" },
    {
      name: "an expired one",
      client: authority.issue({ commonName: "c", notAfter: new Date(Date.now() - 60_000) }),
      result: "CERT_HAS_EXPIRED",
    },
    {
      name: "a server's certificate",
      client: authority.issue({ commonName: "c", use: "server" }),
      result: "INVALID_PURPOSE",
    },
    {
      name: "another authority's client",
      client: createAuthority().issue({ commonName: "c" }),
      result: /UNABLE_TO|SELF_SIGNED/,
    },
  ];
  it.each(clients)("is who decides about $name", async ({ client, result }) => {
    expect(await peerSeen(server, client)).toMatch(result);
  });
});

/** Whom the server sees, or why it does not trust it. */
async function peerSeen(
  { cert, key, ca }: Certificate,
  client: Pick<Certificate, "cert" | "key">,
): Promise<string> {
  const listener = createServer({ cert, key, ca, requestCert: true, rejectUnauthorized: false });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const seen = once(listener, "secureConnection");
  const socket = connect({ port, host: "127.0.0.1", ca, cert: client.cert, key: client.key });
  socket.on("error", () => {});
  const [peer]: TLSSocket[] = await seen;
  const error: unknown = peer?.authorizationError;
  const result = peer?.authorized ? peer.getPeerCertificate().subject.CN : String(error);
  socket.destroy();
  peer?.destroy();
  listener.close();
  return String(result);
}
