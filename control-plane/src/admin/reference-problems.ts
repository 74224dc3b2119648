import {
  checkKeyReferences,
  checkModelReferences,
  checkReferences,
  type ReferenceProblem,
  type ResourceIndex,
  type ResourceKind,
  type ResourceMessages,
} from "@headgate/config";
import type { AnyResource } from "../resources/resource-kind.ts";
import type { ResourceChange } from "../resources/resource-transaction.ts";
import type { StoreState } from "../resources/store-state.ts";

/** What one resource would leave dangling or take twice. Loads what it has to look at. */
export async function findReferenceProblems(
  state: StoreState,
  after: AnyResource,
): Promise<readonly ReferenceProblem[]> {
  switch (after.$typeName) {
    case "headgate.resources.v1.Provider": {
      await state.loadKind("provider");
      await state.loadGuard("credentials");
      const providers = messagesOf(state, "provider");
      providers.delete(after.name);
      providers.set(after.name, after); // Last, so that it is the one said to repeat a name.
      return checkReferences({ ...nothing, providers });
    }
    case "headgate.resources.v1.Model":
      await state.loadKind("provider");
      return checkModelReferences(after, messagesOf(state, "provider"));
    case "headgate.resources.v1.Key":
      if (after.team === "") return [];
      await state.load("team", after.team);
      // The others are of interest only to say what would have been right.
      if (!state.get("team", after.team)) await state.loadKind("team");
      return checkKeyReferences(after, messagesOf(state, "team"));
    default:
      return [];
  }
}

/** The same for everything, as it would be after these changes. The whole state must be loaded. */
export function referenceProblemsAfter(
  state: StoreState,
  changes: readonly ResourceChange[],
): readonly ReferenceProblem[] {
  const index = {
    provider: messagesOf(state, "provider"),
    model: messagesOf(state, "model"),
    team: messagesOf(state, "team"),
    key: messagesOf(state, "key"),
    policy: messagesOf(state, "policy"),
  };
  for (const { kind, name, after } of changes) {
    // Sound because a change's message is of its kind.
    const messages: Map<string, AnyResource> = index[kind] as Map<string, AnyResource>;
    if (after) messages.set(name, after);
    else messages.delete(name);
  }
  return checkReferences({
    providers: index.provider,
    models: index.model,
    teams: index.team,
    keys: index.key,
  });
}

const nothing: ResourceIndex = {
  providers: new Map(),
  models: new Map(),
  teams: new Set(),
  keys: new Map(),
};

function messagesOf<K extends ResourceKind>(
  state: StoreState,
  kind: K,
): Map<string, ResourceMessages[K]> {
  return new Map(state.ofKind(kind).map(({ name, resource }) => [name, resource]));
}
