import { resourceHash } from "@headgate/core";
import { BuildRollout } from "../build-rollout.ts";
import type { Held } from "../build-view.ts";
import type { Delta } from "../delta.ts";
import { defaultRolloutTimes } from "../rollout.ts";
import { SnapshotCache } from "../snapshot-cache.ts";
import type { SnapshotEntry } from "../snapshot-history.ts";

export const buildNames = ["A", "B"] as const;
export type BuildName = (typeof buildNames)[number];

/** What a test does to the world. Nodes are numbered; the first half is of build A, the others of B. */
export type WorldEvent =
  | { readonly type: "put"; readonly name: string; readonly poisons?: BuildName | undefined }
  | { readonly type: "remove"; readonly name: string }
  | {
      readonly type: "key";
      readonly name: string;
      readonly secret: number;
      readonly team?: string | undefined;
    }
  | { readonly type: "revoke" | "unkey"; readonly name: string }
  | { readonly type: "publish" }
  | { readonly type: "pass"; readonly ms: number }
  | {
      readonly type: "deliver" | "answer" | "serve" | "reconnect" | "restart";
      readonly node: number;
    }
  /** It refuses although nothing is wrong for its build. */
  | { readonly type: "lie"; readonly node: number; readonly about?: string };

interface WorldNode {
  readonly build: BuildName;
  id: string;
  version: number;
  content: Map<string, SnapshotEntry>;
  delta: Delta | undefined;
  /** What was held back when the delta was made. */
  heldAtSend: ReadonlySet<string>;
  /** It refused what it was sent last. */
  hasRefused: boolean;
}

/**
 * A replica's cache, the rollouts of two builds, and nodes by the book: they apply deltas as a whole,
 * check the state hash, and refuse what is poison for their build or names a team that is not there.
 */
export class RolloutWorld {
  readonly cache = new SnapshotCache();
  readonly rollouts: Record<BuildName, BuildRollout>;
  readonly nodes: WorldNode[] = [];
  readonly held: Record<BuildName, Held[]> = { A: [], B: [] };
  readonly troubles: string[] = [];
  /** Highest revision by resource that a node accepted when all nodes of its build got it. */
  readonly accepted: Record<BuildName, Map<string, number>> = { A: new Map(), B: new Map() };
  nowMs = 0;
  readonly #poison = new Set<string>();
  readonly #names: "each" | "none";
  #ids = 0;

  constructor(options: { readonly nodes: number; readonly names?: "each" | "none" }) {
    this.#names = options.names ?? "each";
    this.cache.replaceAll(1, new Map([["team/base", entry("team/base", 1)]]), 0);
    this.cache.publish();
    this.rollouts = { A: this.#rollout("A"), B: this.#rollout("B") };
    this.cache.observe({
      onApplied: (changes, nowMs) => {
        for (const build of buildNames) this.rollouts[build].onApplied(changes, nowMs);
      },
      onReplaced: () => undefined,
    });
    for (let n = 0; n < options.nodes; n++) {
      const build = n < options.nodes / 2 ? "A" : "B";
      this.nodes.push({
        build,
        id: "",
        version: 0,
        content: new Map(),
        delta: undefined,
        heldAtSend: new Set(),
        hasRefused: false,
      });
      this.#join(n);
    }
  }

  play(event: WorldEvent): void {
    switch (event.type) {
      case "put":
        return this.#change(event.name, (revision, id) => {
          if (event.poisons) this.#poison.add(`${event.poisons} ${id}@${revision}`);
          return entry(id, revision);
        });
      case "remove":
      case "unkey":
        return this.#change(event.name, () => undefined);
      case "key":
        return this.#change(event.name, (revision, id) => ({
          ...entry(id, revision),
          admits: `secret-${event.secret}`,
          ...(event.team && { needs: event.team }),
        }));
      case "revoke":
        if (this.cache.entry(event.name) === undefined) return;
        return this.#change(event.name, (revision, id) => entry(id, revision));
      case "publish":
        this.cache.publish();
        for (const build of buildNames) this.rollouts[build].look(this.nowMs);
        return;
      case "pass":
        this.nowMs += event.ms;
        for (const build of buildNames) this.rollouts[build].look(this.nowMs);
        return;
      case "deliver":
        return this.#deliver(event.node % this.nodes.length);
      case "serve":
        this.#deliver(event.node);
        return this.answer(event.node);
      case "answer":
        return this.answer(event.node % this.nodes.length);
      case "lie":
        return this.#refuse(event.node % this.nodes.length, event.about ?? "teams/none");
      case "reconnect":
        return this.#join(event.node % this.nodes.length);
      case "restart":
        Object.assign(this.#node(event.node), { content: new Map(), version: 0 });
        return this.#join(event.node % this.nodes.length);
    }
  }

  /** Deliver and answer all there is, for long enough. */
  settle(): void {
    this.play({ type: "publish" });
    for (let round = 0; round < 60; round++) {
      for (let node = 0; node < this.nodes.length; node++) {
        this.#deliver(node);
        this.answer(node);
      }
      this.play({ type: "pass", ms: 500 });
    }
  }

  isDue(node: number): boolean {
    const { build, id, delta } = this.#node(node);
    return delta === undefined && this.rollouts[build].isDue(id, this.nowMs);
  }

  /** What all nodes of the build get, by resource. */
  viewOf(build: BuildName): Map<string, SnapshotEntry> {
    const { upserts } = this.rollouts[build].view.delta(undefined, 0);
    return new Map(upserts.map((one) => [`${one.kind}/${one.name}`, one]));
  }

  isPoison(build: BuildName, { kind, name, revision }: SnapshotEntry): boolean {
    return this.#poison.has(`${build} ${kind}/${name}@${revision}`);
  }

  answer(index: number): void {
    const node = this.#node(index);
    const { delta, build } = node;
    if (!delta) return;
    const content = applied(node.content, delta);
    const wrong = [...delta.upserts].filter(
      (one) => this.isPoison(build, one) || this.#dangles(one, content),
    );
    const loose = [...content.values()].filter((one) => this.#dangles(one, content));
    if (wrong.length > 0 || loose.length > 0) {
      const named = wrong.length > 0 ? wrong : loose;
      return this.#nack(index, this.#names === "each" ? named : [{ kind: "", name: "" }]);
    }
    this.#ack(index, content);
  }

  #ack(index: number, content: Map<string, SnapshotEntry>): void {
    const node = this.#node(index);
    const { delta, build } = node;
    if (!delta) return;
    if (hashOf(content) !== delta.stateHash) throw new Error("the state hash differs");
    node.content = content;
    node.version = delta.version;
    node.delta = undefined;
    this.rollouts[build].acked(node.id, this.nowMs);
    const view = this.viewOf(build);
    for (const [id, one] of content) {
      if (view.get(id) === one) this.accepted[build].set(id, one.revision);
    }
  }

  #refuse(index: number, named: string): void {
    const [kind = "", name = ""] = named.split("/");
    this.#nack(index, [{ kind, name }]);
  }

  #nack(index: number, named: readonly { readonly kind: string; readonly name: string }[]): void {
    const node = this.#node(index);
    if (!node.delta) return;
    node.delta = undefined;
    node.hasRefused = true;
    const refusals = named.map(({ kind, name }) => ({ kind, name, message: "poison" }));
    this.rollouts[node.build].nacked(node.id, { refusals, isDiverged: false }, this.nowMs);
  }

  #deliver(index: number): void {
    const node = this.#node(index);
    if (!this.isDue(index)) return;
    node.hasRefused = false;
    node.delta = this.rollouts[node.build].take(node.id);
    if (node.delta.fromVersion !== 0 && node.delta.fromVersion !== node.version) {
      throw new Error(`from ${node.delta.fromVersion}, at ${node.version}`);
    }
    if (node.delta.fromVersion > node.delta.version) throw new Error("the version goes back");
    node.heldAtSend = new Set(
      this.rollouts[node.build].view.held.map(
        (held) => `${held.kind}/${held.name}@${held.revision}`,
      ),
    );
    for (const { kind, name, revision } of node.delta.upserts) {
      if (node.heldAtSend.has(`${kind}/${name}@${revision}`)) {
        throw new Error(`${kind}/${name}@${revision} is held back, and was sent`);
      }
    }
  }

  #join(index: number): void {
    const node = this.#node(index);
    const { build, content, version } = node;
    if (node.id) this.rollouts[build].leave(node.id, this.nowMs);
    this.#ids += 1;
    node.id = String(this.#ids);
    node.delta = undefined;
    const claim = { version, stateHash: hashOf(content) };
    const member = { id: node.id, wake: () => undefined };
    this.rollouts[build].join(member, claim, this.nowMs);
    const known = this.rollouts[build].versionOf(node.id);
    if (known !== 0 && known !== version) throw new Error("it resumes from somewhere else");
  }

  #change(id: string, make: (revision: number, id: string) => SnapshotEntry | undefined): void {
    const version = this.cache.version + 1;
    const change = { id, entry: make(version, id) };
    if (!change.entry && !this.cache.entry(id)) return;
    if (this.cache.apply(version, [change], this.nowMs)) this.play({ type: "publish" });
  }

  #dangles({ needs }: SnapshotEntry, content: ReadonlyMap<string, SnapshotEntry>): boolean {
    return needs !== undefined && !content.has(needs);
  }

  #node(index: number): WorldNode {
    const node = this.nodes[index % this.nodes.length];
    if (!node) throw new Error("there is no such node");
    return node;
  }

  #rollout(build: BuildName): BuildRollout {
    return new BuildRollout({
      cache: this.cache,
      times: defaultRolloutTimes,
      events: {
        onHeld: (held) => this.held[build].push(...held),
        onTrouble: (trouble) => this.troubles.push(`${build} ${trouble}`),
      },
    });
  }
}

export function entry(id: string, revision: number): SnapshotEntry {
  const [kind = "", name = ""] = id.split("/");
  const hash = resourceHash({ kind, name, revision: BigInt(revision) });
  return { kind, name, revision, hash, field: { no: 4, wireType: 2, data: new Uint8Array(1) } };
}

export function hashOf(content: ReadonlyMap<string, SnapshotEntry>): bigint {
  return [...content.values()].reduce((hash, one) => hash ^ one.hash, 0n);
}

function applied(before: ReadonlyMap<string, SnapshotEntry>, delta: Delta) {
  const content = new Map(delta.fromVersion === 0 ? [] : before);
  for (const one of delta.upserts) content.set(`${one.kind}/${one.name}`, one);
  for (const { kind, name } of delta.removed) content.delete(`${kind}/${name}`);
  return content;
}
