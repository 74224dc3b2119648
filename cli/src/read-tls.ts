import type { ClientTlsFiles } from "@headgate/config";
import { readText } from "./read-file-argument.ts";

/** Names of PEM files, as the settings have them. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Who signs the certificates of clients. */
  readonly clientCa?: string | undefined;
}

/** PEM texts. */
export interface Tls {
  readonly cert: string;
  readonly key: string;
  readonly clientCa?: string;
}

/** PEM texts of a client: whom it trusts, and what it shows. */
export interface TlsTexts {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** The certificate and key for a listener; nothing when the settings name none. */
export async function readTls(files: TlsFiles | undefined): Promise<{ readonly tls?: Tls }> {
  return files === undefined ? {} : { tls: await readTlsFiles(files) };
}

export async function readTlsFiles({ cert, key, clientCa }: TlsFiles): Promise<Tls> {
  const texts = await Promise.all([readText(cert), readText(key)]);
  const ca = clientCa === undefined ? {} : { clientCa: await readText(clientCa) };
  return { cert: texts[0], key: texts[1], ...ca };
}

/** Those of a client; empty when the settings name none. */
export async function readClientTls(files: ClientTlsFiles | undefined): Promise<TlsTexts> {
  const [ca, cert, key] = await Promise.all(
    [files?.ca, files?.cert, files?.key].map((file) =>
      file === undefined ? undefined : readText(file),
    ),
  );
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
}
