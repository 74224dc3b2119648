import { readFileSync } from "node:fs";
import { isRecord } from "@headgate/core";

/** What a page under docs/providers shows of its provider. */
export interface ProviderPage {
  /** The resources it tells the reader to write. */
  readonly yaml: string;
  readonly calls: readonly ShownCall[];
}

/** A call as a page shows it, from the client to the provider and back. */
export interface ShownCall {
  readonly client: ShownRequest;
  readonly provider: ShownRequest;
  readonly providerAnswers: Json;
  /** Not all that the client gets: what matters of it. */
  readonly clientGets: Json;
  /** What the page says of `x-headgate-dropped-parameters`. */
  readonly dropped: string | null;
}

export interface ShownRequest {
  readonly path: string;
  readonly body: Json;
}

type Json = Readonly<Record<string, unknown>>;

/** @throws Error if the page lacks something, or shows it in another order. */
export function readProviderPage(file: string): ProviderPage {
  const text = readFileSync(file, "utf8");
  const [, yaml] = /^```yaml\n(.*?)^```$/ms.exec(text) ?? [];
  if (yaml === undefined) throw new Error(`${file} has no YAML`);
  return {
    yaml,
    calls: text
      .split(/^(?=Client, `)/m)
      .slice(1)
      .map((part) => callOf(part, file)),
  };
}

function callOf(text: string, file: string): ShownCall {
  const [, dropped = null] = /`x-headgate-dropped-parameters: ([^`]+)`/.exec(text) ?? [];
  return {
    client: requestOf("Client", text, file),
    provider: requestOf("Provider", text, file),
    providerAnswers: jsonAfter("Provider answers:", text, file),
    clientGets: jsonAfter("Client gets:", text, file),
    dropped,
  };
}

function requestOf(who: string, text: string, file: string): ShownRequest {
  const [line, path] = new RegExp(`^${who}, \`POST (\\S+)\`:$`, "m").exec(text) ?? [];
  if (line === undefined || path === undefined) throw new Error(`${file}: no request of "${who}"`);
  return { path, body: jsonAfter(line, text, file) };
}

function jsonAfter(line: string, text: string, file: string): Json {
  const at = text.indexOf(`${line}\n\n\`\`\`json\n`);
  const [, block = "null"] = /```json\n(.*?)^```$/ms.exec(at < 0 ? "" : text.slice(at)) ?? [];
  const value: unknown = JSON.parse(block);
  if (!isRecord(value)) throw new Error(`${file}: no JSON after "${line}"`);
  return value;
}
