import { z } from "zod";
import { durationHint, durationMs, parseDuration } from "../duration.ts";
import { regionNamePattern } from "../region-name.ts";
import { type ListenAddress, parseListenAddress, type TcpAddress } from "./listen-address.ts";

/** A text that says something. */
export const text = z
  .string()
  .min(1, "is empty: give a value, or remove the line")
  .max(4_096, "is too long");

/** A bearer token: what a header can carry, and nobody guesses. */
export const token = text
  .regex(/^[\x21-\x7e]*$/, "has a space, a line break or a character that no header can carry")
  .min(16, "is too short: a token has at least 16 characters");

export const region = text.regex(
  regionNamePattern,
  "is not a name: use 1 to 63 letters, digits and . _ -, beginning with a letter or digit",
);

export const logLevel = z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]);

/** `host:port` or `unix:/path`. */
export const listenAddress = text.transform((value, context): ListenAddress => {
  const result = parseListenAddress(value);
  if (result.ok) return result.address;
  context.addIssue({ code: "custom", message: result.message });
  return z.NEVER;
});

/** `host:port`. */
export const tcpAddress = listenAddress.transform((address, context): TcpAddress => {
  if (address.kind === "tcp") return address;
  context.addIssue({ code: "custom", message: 'must be host:port, such as "127.0.0.1:8081"' });
  return z.NEVER;
});

/** In the file `30s`, in the program milliseconds. */
export function durationUpTo(maxMs: number) {
  const hint = `must be a duration: ${durationHint}`;
  return z.string({ error: hint }).transform((value, context) => {
    const duration = parseDuration(value);
    if (duration && durationMs(duration) <= maxMs) return durationMs(duration);
    const message = duration ? `is too long: at most ${maxMs / 1_000}s` : hint;
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  });
}

/** A number from the environment arrives as a text. */
export function wholeNumber(range: { readonly min: number; readonly max: number }) {
  const message = `must be a whole number from ${range.min} to ${range.max}`;
  const number = z.int({ error: message }).min(range.min, message).max(range.max, message);
  return z.preprocess(
    (value) => (typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value),
    number,
  );
}

/** A control plane's address: nothing but scheme, host and port. */
export const endpointUrl = text.refine(isOrigin, {
  error: 'is not a URL of scheme, host and port, such as "http://127.0.0.1:18000"',
});

/** Files in PEM by which a client knows a server, and is known by it. */
export interface ClientTlsFiles {
  /** Absent: the authorities that the system trusts. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export const clientTls = z
  .strictObject({ ca: text.optional(), cert: text.optional(), key: text.optional() })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
    error: "has one of cert and key: give both, or none",
  });

/** `scheme://host:port`, for a scheme of `schemes`. */
export function serverUrls(schemes: readonly string[], example: string) {
  const url = text.refine((value) => isServer(value, schemes), {
    error: `is not ${schemes.map((scheme) => `${scheme}://`).join(" or ")} with host and port, such as "${example}"`,
  });
  return z
    .array(url)
    .min(1, "is empty: give at least one")
    .max(32, "has too many entries: at most 32");
}

function isServer(value: string, schemes: readonly string[]): boolean {
  const [, scheme = ""] = /^([a-z]+):\/\/[^/@]+:\d+\/?$/.exec(value) ?? [];
  return schemes.includes(scheme) && URL.canParse(value);
}

function isOrigin(value: string): boolean {
  if (!/^https?:\/\//.test(value) || !URL.canParse(value)) return false;
  const url = new URL(value);
  return `${url.protocol}//${url.host}` === url.href.replace(/\/$/, "");
}
