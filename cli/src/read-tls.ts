import type { ClientTlsFiles } from "@headgate/config";
import { readText } from "./read-file-argument.ts";

/** Names of PEM files, as the settings have them. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** PEM texts. */
export interface Tls {
  readonly cert: string;
  readonly key: string;
}

/** PEM texts of a client: whom it trusts, and what it shows. */
export interface TlsTexts {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** The certificate and key for a listener; nothing when the settings name none. */
export async function readTls(files: TlsFiles | undefined): Promise<{ readonly tls?: Tls }> {
  if (files === undefined) return {};
  const [cert, key] = await Promise.all([readText(files.cert), readText(files.key)]);
  return { tls: { cert, key } };
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
