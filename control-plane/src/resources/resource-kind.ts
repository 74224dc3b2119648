import { type ResourceKind, type ResourceMessages, resourceKinds } from "@headgate/config";

export type AnyResource = ResourceMessages[ResourceKind];

export function isResourceKind(word: string): word is ResourceKind {
  return Object.hasOwn(resourceKinds, word);
}

/** Which resource, in one string: `provider/openai`. Names may contain slashes, kinds do not. */
export function resourceId(kind: string, name: string): string {
  return `${kind}/${name}`;
}
