import type { ResourceKind, ResourceMessages } from "@headgate/config";
import type { AnyResource } from "../resources/resource-kind.ts";
import { invalidArgument } from "./admin-errors.ts";

/** @throws ConnectError INVALID_ARGUMENT unless the request has the resource it is about. */
export function required<K extends ResourceKind>(
  kind: K,
  input: ResourceMessages[K] | undefined,
): ResourceMessages[K] {
  if (!input) throw invalidArgument(`${kind} is required`);
  return input;
}

/** @throws ConnectError INVALID_ARGUMENT if it is empty. */
export function requiredName(name: string): string {
  if (name === "") throw invalidArgument("name is required");
  return name;
}

/** There is one policy, so its name may be left out. An empty name is found when it is checked. */
export function nameIn(kind: ResourceKind, input: AnyResource): string {
  return kind === "policy" && input.name === "" ? "default" : input.name;
}
