import { isRecord } from "@headgate/core";
import { parse } from "yaml";
import type { FileKind } from "./commands/validate-command.ts";

/** Keys that only process settings have. What both planes have decides nothing. */
const controlPlaneKeys = ["store", "data_dir", "admin_token", "node_auth"];
const dataPlaneKeys = [
  "control_plane",
  "node",
  "state_dir",
  "workers",
  "max_body_bytes",
  "drain_timeout",
];

/** What a YAML file is, by its keys. A file that cannot be read is taken for resources, whose loader says why. */
export function guessFileKind(text: string): FileKind {
  const root = parsed(text);
  if (hasOneOf(root, controlPlaneKeys) || hasOneOf(root["listen"], ["admin", "grpc"])) {
    return "control-plane";
  }
  if (hasOneOf(root, dataPlaneKeys) || hasOneOf(root["listen"], ["proxy", "telemetry"])) {
    return "data-plane";
  }
  return "resources";
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const root: unknown = parse(text, { logLevel: "silent", maxAliasCount: 0 });
    return isRecord(root) ? root : {};
  } catch {
    return {};
  }
}

function hasOneOf(value: unknown, keys: readonly string[]): boolean {
  return isRecord(value) && keys.some((key) => Object.hasOwn(value, key));
}
