import { clone } from "@bufbuild/protobuf";
import { resources } from "@headgate/proto";

/**
 * What an operator would write. The server keeps the rest by itself; a revision in a file would make
 * applying it fail once anything has changed.
 */
export function withoutMetadata(set: resources.ResourceSet): resources.ResourceSet {
  const plain = clone(resources.ResourceSetSchema, set);
  const { providers, models, teams, keys, policy } = plain;
  const all = [...providers, ...models, ...teams, ...keys, ...(policy ? [policy] : [])];
  for (const resource of all) delete resource.metadata;
  return plain;
}
