import { BuildRollout, type RolloutTrouble } from "./build-rollout.ts";
import type { Held } from "./build-view.ts";
import type { RolloutTimes } from "./rollout.ts";
import type { AppliedChange, SnapshotCache } from "./snapshot-cache.ts";

export interface HeldOfBuild extends Held {
  readonly build: string;
}

export interface BuildsOptions {
  readonly cache: SnapshotCache;
  readonly times: RolloutTimes;
  /** Nodes of this replica have refused these. */
  readonly onHeld: (held: readonly HeldOfBuild[]) => void;
  readonly onTrouble: (build: string, trouble: RolloutTrouble) => void;
  /** The store was replaced: all nodes must come again. */
  readonly onReplaced: () => void;
}

/** Beyond this many builds connected at once, the others share one view: none goes without. */
const buildsMax = 64;
const sharedBuild = "(other)";
/** A build without nodes is remembered, with what it refuses, as long as versions are. */
const emptyKeptMs = 10 * 60_000;
const announcedMax = 1_000;

/** The rollouts of all builds, fed from one cache. */
export class Builds {
  readonly #options: BuildsOptions;
  readonly #rollouts = new Map<string, { readonly rollout: BuildRollout; emptySinceMs: number }>();
  /** What other replicas hold back, by build and resource: also of what has not come here yet. */
  readonly #announced = new Map<string, HeldOfBuild>();

  constructor(options: BuildsOptions) {
    this.#options = options;
    options.cache.observe({
      onApplied: (changes, nowMs) => this.#onApplied(changes, nowMs),
      onReplaced: () => this.#onReplaced(),
    });
  }

  /** The rollout that nodes of a build take part in. */
  rolloutOf(build: string, nowMs: number): BuildRollout {
    const known = this.#rollouts.get(build);
    if (known) return known.rollout;
    const hasRoom = this.#rollouts.size < buildsMax || this.#forgetEmpty(Number.POSITIVE_INFINITY);
    if (!hasRoom && build !== sharedBuild) return this.rolloutOf(sharedBuild, nowMs);
    const rollout = this.#create(build);
    this.#rollouts.set(build, { rollout, emptySinceMs: nowMs });
    for (const held of this.#announced.values()) {
      if (held.build === build) rollout.hold(held, nowMs);
    }
    return rollout;
  }

  /** Something new was published. */
  publish(nowMs: number): void {
    for (const { rollout } of this.#rollouts.values()) rollout.look(nowMs);
  }

  /** Time has passed. */
  tick(nowMs: number): void {
    for (const entry of this.#rollouts.values()) {
      if (entry.rollout.size > 0) entry.emptySinceMs = nowMs;
      entry.rollout.look(nowMs);
    }
    this.#forgetEmpty(nowMs - emptyKeptMs);
  }

  heldOf(build: string): readonly Held[] {
    return this.#rollouts.get(build)?.rollout.view.held ?? [];
  }

  /** Everything held back, with its build. */
  heldOfAll(): HeldOfBuild[] {
    return [...this.held()].flatMap(([build, held]) => held.map((one) => ({ ...one, build })));
  }

  /** Everything held back, by build. */
  held(): ReadonlyMap<string, readonly Held[]> {
    return new Map([...this.#rollouts].map(([build, { rollout }]) => [build, rollout.view.held]));
  }

  /** Another replica holds this back. True if it was news. */
  hold(held: HeldOfBuild, nowMs: number): boolean {
    const key = `${held.build}\n${held.kind}/${held.name}`;
    this.#announced.delete(key);
    this.#announced.set(key, held);
    if (this.#announced.size > announcedMax) {
      const oldest = this.#announced.keys().next();
      if (!oldest.done) this.#announced.delete(oldest.value);
    }
    return this.#rollouts.get(held.build)?.rollout.hold(held, nowMs) ?? false;
  }

  #create(build: string): BuildRollout {
    const { cache, times, onHeld, onTrouble } = this.#options;
    return new BuildRollout({
      cache,
      times,
      events: {
        onHeld: (held) => onHeld(held.map((one) => ({ ...one, build }))),
        onTrouble: (trouble) => onTrouble(build, trouble),
      },
    });
  }

  #onApplied(changes: readonly AppliedChange[], nowMs: number): void {
    for (const { rollout } of this.#rollouts.values()) rollout.onApplied(changes, nowMs);
    if (this.#announced.size === 0) return;
    const changed = new Set(changes.map(({ id }) => id));
    for (const held of this.#announced.values()) {
      if (!changed.has(`${held.kind}/${held.name}`)) continue;
      this.#rollouts.get(held.build)?.rollout.hold(held, nowMs);
    }
  }

  #onReplaced(): void {
    this.#rollouts.clear();
    this.#announced.clear();
    this.#options.onReplaced();
  }

  /** Forget what has had no nodes since before then. True if there was something. */
  #forgetEmpty(beforeMs: number): boolean {
    let forgotten = false;
    for (const [build, { rollout, emptySinceMs }] of this.#rollouts) {
      if (rollout.size > 0 || emptySinceMs >= beforeMs) continue;
      this.#rollouts.delete(build);
      forgotten = true;
    }
    return forgotten;
  }
}
