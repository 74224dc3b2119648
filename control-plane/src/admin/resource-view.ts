import { create } from "@bufbuild/protobuf";
import { type ResourceKind, resourceKindNames } from "@headgate/config";
import { admin } from "@headgate/proto";
import type { Principal } from "../auth/principal.ts";
import { parseResourceKey, type StoredResource } from "../resources/resource-codec.ts";
import { isResourceKind, resourceId } from "../resources/resource-kind.ts";
import type { Change, Entry } from "../store/store.ts";
import { resourceMessage } from "./resource-message.ts";
import { mayRead, readsAll } from "./row-access.ts";

export interface ResourceViewOptions {
  readonly principal: Principal;
  readonly kinds: ReadonlySet<ResourceKind>;
  /** Undefined for what cannot be read. */
  readonly decode: (entry: Entry) => StoredResource | undefined;
}

/**
 * The store's changes as one watcher sees them. For who manages one team's keys, a key that
 * leaves the team is deleted, and one that joins it is created; for that it remembers the names of
 * what they see.
 */
export class ResourceView {
  readonly #options: ResourceViewOptions;
  /** Ids; undefined: no need to know. */
  readonly #seen: Set<string> | undefined;

  constructor(options: ResourceViewOptions) {
    this.#options = options;
    this.#seen = readsAll(options.principal) ? undefined : new Set();
  }

  /** Whether what was there before the watch must be shown to the view, although not to the watcher. */
  get needsPast(): boolean {
    return this.#seen !== undefined;
  }

  /** What was there at the start. */
  start(entry: Entry): admin.ResourceEvent | undefined {
    const stored = this.#options.decode(entry);
    if (!stored || !this.#isVisible(stored)) return undefined;
    this.#seen?.add(resourceId(stored.kind, stored.name));
    return eventOf(stored, admin.ChangeAction.CREATED);
  }

  /** One per resource at most; what is referred to comes before what refers to it. */
  eventsOf(changes: readonly Change[]): admin.ResourceEvent[] {
    const events = changes.map((change) => this.#eventOf(change));
    return events.filter((event) => event !== undefined).sort((a, b) => rankOf(a) - rankOf(b));
  }

  #eventOf(change: Change): admin.ResourceEvent | undefined {
    const id = parseResourceKey(change.type === "put" ? change.entry.key : change.key);
    if (!id || !isResourceKind(id.kind) || !this.#options.kinds.has(id.kind)) return undefined;
    const kind = id.kind;
    if (change.type === "delete") return this.#gone(kind, id.name);
    const stored = this.#options.decode(change.entry);
    if (!stored) return undefined;
    if (!this.#isVisible(stored)) return this.#seen ? this.#gone(kind, id.name) : undefined;
    const isNew = this.#seen
      ? !this.#seen.has(resourceId(kind, id.name))
      : stored.createRevision === stored.revision;
    this.#seen?.add(resourceId(kind, id.name));
    const { CREATED, UPDATED } = admin.ChangeAction;
    return eventOf(stored, isNew ? CREATED : UPDATED);
  }

  #gone(kind: ResourceKind, name: string): admin.ResourceEvent | undefined {
    if (this.#seen && !this.#seen.delete(resourceId(kind, name))) return undefined;
    const action = admin.ChangeAction.DELETED;
    return create(admin.ResourceEventSchema, { kind, name, action });
  }

  #isVisible({ kind, resource }: StoredResource): boolean {
    return mayRead(this.#options.principal, kind, resource);
  }
}

/** Deletes come last, and the other way round. */
function rankOf({ kind, action }: admin.ResourceEvent): number {
  const kinds: readonly string[] = resourceKindNames;
  const index = kinds.indexOf(kind);
  return action === admin.ChangeAction.DELETED ? 2 * kinds.length - index : index;
}

function eventOf(
  { kind, name, resource }: StoredResource,
  action: admin.ChangeAction,
): admin.ResourceEvent {
  return create(admin.ResourceEventSchema, {
    kind,
    name,
    action,
    resource: resourceMessage(kind, resource),
  });
}
