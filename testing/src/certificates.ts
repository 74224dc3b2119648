import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface CertificateRequest {
  /** Whose it is: etcd takes it for the user's name. */
  readonly commonName: string;
  /** DNS names and IP addresses it is good for. Default: localhost and 127.0.0.1. */
  readonly hosts?: readonly string[];
  /** URIs it is good for, such as spiffe://headgate/region/eu/node/a. */
  readonly uris?: readonly string[];
  /** Default: a day ago, and in 30 days. */
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** What it may be used for. Default: both. */
  readonly use?: "server" | "client";
}

/** PEM texts. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  /** Of the authority that issued it. */
  readonly ca: string;
}

const dayMs = 86_400_000;

/** A tiny certificate authority of its own, made with `openssl`: node:crypto cannot make X.509. */
export function createAuthority(commonName = "Headgate test authority"): Authority {
  const extensions = [
    "basicConstraints=critical,CA:TRUE",
    "keyUsage=critical,keyCertSign,cRLSign",
    "subjectKeyIdentifier=hash",
  ];
  return inFolder((folder) => {
    const made = makeKey(folder);
    const cert = sign(folder, { commonName, extensions, selfSigned: true, ...validity({}) });
    return new Authority({ cert, key: made });
  });
}

export class Authority {
  /** Its certificate: what whoever trusts it needs. */
  readonly ca: string;
  readonly #key: string;

  constructor({ cert, key }: { readonly cert: string; readonly key: string }) {
    this.ca = cert;
    this.#key = key;
  }

  issue(request: CertificateRequest): Certificate {
    return inFolder((folder) => {
      writeFileSync(join(folder, "ca.pem"), this.ca);
      writeFileSync(join(folder, "ca.key"), this.#key, { mode: 0o600 });
      const key = makeKey(folder);
      const extensions = extensionsOf(request);
      const cert = sign(folder, {
        commonName: request.commonName,
        extensions,
        selfSigned: false,
        ...validity(request),
      });
      return { cert, key, ca: this.ca };
    });
  }
}

interface Signing {
  readonly commonName: string;
  readonly extensions: readonly string[];
  readonly selfSigned: boolean;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

function validity({ notBefore, notAfter }: Partial<CertificateRequest>) {
  const now = Date.now();
  return {
    notBefore: notBefore ?? new Date(now - dayMs),
    notAfter: notAfter ?? new Date(now + 30 * dayMs),
  };
}

function extensionsOf({ hosts = ["localhost", "127.0.0.1"], uris = [], use }: CertificateRequest) {
  const names = [
    ...hosts.map((host) => `${isIP(host) ? "IP" : "DNS"}:${host}`),
    ...uris.map((uri) => `URI:${uri}`),
  ];
  const usages = [
    ...(use === "client" ? [] : ["serverAuth"]),
    ...(use === "server" ? [] : ["clientAuth"]),
  ];
  return [
    "basicConstraints=critical,CA:FALSE",
    "keyUsage=critical,digitalSignature",
    `extendedKeyUsage=${usages.join(",")}`,
    "authorityKeyIdentifier=keyid",
    ...(names.length > 0 ? [`subjectAltName=${names.join(",")}`] : []),
  ];
}

function makeKey(folder: string): string {
  const path = join(folder, "new.key");
  openssl(folder, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "ec.key");
  openssl(folder, "pkcs8", "-topk8", "-nocrypt", "-in", "ec.key", "-out", path);
  return readFileSync(path, "utf8");
}

/** `openssl ca`, because `openssl x509` of version 3.0 knows no dates but "days from now". */
function sign(folder: string, signing: Signing): string {
  const config = `[ca]
default_ca = d
[d]
database = ${join(folder, "index")}
new_certs_dir = ${folder}
rand_serial = yes
default_md = sha256
policy = p
unique_subject = no
[p]
commonName = supplied
[req]
distinguished_name = n
prompt = no
utf8 = yes
[n]
CN = ${signing.commonName}
[e]
${signing.extensions.join("\n")}
`;
  writeFileSync(join(folder, "openssl.cnf"), config);
  writeFileSync(join(folder, "index"), "");
  openssl(folder, "req", "-new", "-config", "openssl.cnf", "-key", "new.key", "-out", "new.csr");
  const issuer = signing.selfSigned
    ? ["-selfsign", "-keyfile", "new.key"]
    : ["-cert", "ca.pem", "-keyfile", "ca.key"];
  const dates = ["-startdate", opensslTime(signing.notBefore)];
  dates.push("-enddate", opensslTime(signing.notAfter));
  const files = ["-in", "new.csr", "-out", "new.pem", "-notext"];
  const common = ["-config", "openssl.cnf", "-batch", "-extensions", "e"];
  openssl(folder, "ca", ...common, ...issuer, ...dates, ...files);
  return readFileSync(join(folder, "new.pem"), "utf8");
}

/** YYYYMMDDHHMMSSZ */
function opensslTime(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace(/[-:T]/g, "")}Z`;
}

function openssl(folder: string, ...args: readonly string[]): void {
  execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
}

function inFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "headgate-ca-"));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
