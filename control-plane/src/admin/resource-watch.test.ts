import { Code, ConnectError } from "@connectrpc/connect";
import { ManualClock, systemClock } from "@headgate/core";
import { admin, resources } from "@headgate/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createEmbeddedStore } from "../store/embedded-store.ts";
import type { Store, WatchOptions } from "../store/store.ts";
import {
  type AdminApi,
  type AdminApiOptions,
  type AdminClient,
  storeWith,
  testAdminApi,
} from "./admin-api.fixture.ts";

let plane: AdminApi;
let api: AdminClient;
const ended: AbortController[] = [];
beforeEach(() => start());
afterEach(async () => {
  for (const one of ended.splice(0)) one.abort();
  plane.stop();
  await plane.store.close();
});

function start(options: AdminApiOptions = {}): void {
  plane = testAdminApi(options);
  api = plane.api;
}

const { CREATED, UPDATED, DELETED } = admin.ChangeAction;
type Answers = AsyncIterator<admin.WatchResourcesResponse>;

function watch(input: { kinds?: string[]; fromRevision?: bigint } = {}, as = api): Answers {
  const abort = new AbortController();
  ended.push(abort);
  return as.watchResources(input, { signal: abort.signal })[Symbol.asyncIterator]();
}

async function next(answers: Answers): Promise<admin.WatchResourcesResponse> {
  const { value, done } = await answers.next();
  if (done) throw new Error("the watch has ended");
  return value;
}

/** The resources as they are, up to `synced`. */
async function state(answers: Answers): Promise<admin.WatchResourcesResponse[]> {
  const all: admin.WatchResourcesResponse[] = [];
  do all.push(await next(answers));
  while (!all.at(-1)?.synced);
  return all;
}

function told({ events }: admin.WatchResourcesResponse): (readonly [string, admin.ChangeAction])[] {
  return events.map(({ kind, name, action }) => [`${kind}/${name}`, action] as const);
}

async function failure(answers: Answers): Promise<ConnectError> {
  return answers.next().then(
    (answer) => {
      throw new Error(`no failure: ${answer.done}`);
    },
    (reason) => ConnectError.from(reason),
  );
}

const openai = {
  name: "openai",
  type: resources.ProviderType.OPENAI,
  credentials: [{ name: "c", apiKey: "sk-upstream" }],
};

describe("WatchResources", () => {
  it("tells of what there is, then of every change, one answer per revision, without secrets", async () => {
    await api.apply({ resources: { providers: [openai], teams: [{ name: "t" }] } });
    const answers = watch();
    const [first] = await state(answers);
    expect(first && told(first)).toEqual([
      ["provider/openai", CREATED],
      ["team/t", CREATED],
    ]);
    const { revision } = await api.apply({
      resources: {
        models: [{ name: "gpt", deployments: [{ provider: "openai" }] }],
        keys: [{ name: "k", secret: "sk-key-12345678901" }],
      },
    });
    const second = await next(answers);
    expect(told(second)).toEqual([
      ["model/gpt", CREATED],
      ["key/k", CREATED],
    ]);
    expect(second.revision).toBe(revision);
    await api.updateKey({ key: { name: "k", user: "al" }, updateMask: { paths: ["user"] } });
    await api.deleteKey({ name: "k" });
    const third = await next(answers);
    const fourth = await next(answers);
    expect(told(third)).toEqual([["key/k", UPDATED]]);
    expect(third.events[0]?.resource?.resource.value).toEqual(
      expect.objectContaining({
        user: "al",
        metadata: expect.objectContaining({ revision: third.revision }),
      }),
    );
    expect(told(fourth)).toEqual([["key/k", DELETED]]);
    expect(fourth.events[0]?.resource).toBeUndefined();
    const all = JSON.stringify([first, second, third, fourth], (_, v) =>
      typeof v === "bigint" ? `${v}` : v,
    );
    expect(all).not.toMatch(/sk-/);
  });

  it("goes on behind a revision: nothing twice, nothing left out", async () => {
    await api.createTeam({ team: { name: "a" } });
    const b = await api.createTeam({ team: { name: "b" } });
    await api.createTeam({ team: { name: "c" } });
    await api.deleteTeam({ name: "a" });
    const answers = watch({ fromRevision: b.metadata?.revision ?? 0n });
    expect(told(await next(answers))).toEqual([["team/c", CREATED]]);
    expect(told(await next(answers))).toEqual([["team/a", DELETED]]);
  });

  it("of some kinds is silent of the others", async () => {
    await api.apply({ resources: { providers: [openai], teams: [{ name: "t" }] } });
    const answers = watch({ kinds: ["team", "key"] });
    expect((await state(answers)).flatMap(told)).toEqual([["team/t", CREATED]]);
    await api.deleteProvider({ name: "openai" });
    await api.createKey({ key: { name: "k" } });
    expect(told(await next(answers))).toEqual([["key/k", CREATED]]);
  });

  it("says at once that nothing is there yet", async () => {
    const [only] = await state(watch());
    expect(only).toMatchObject({ synced: true, events: [] });
  });

  it("sends many resources in several answers, all of one revision", async () => {
    const teams = Array.from({ length: 1_200 }, (_, n) => ({ name: `t${n}` }));
    await api.apply({ resources: { teams } });
    const all = await state(watch());
    expect(all.map(({ events }) => events.length)).toEqual([500, 500, 200]);
    expect(all.map(({ synced }) => synced)).toEqual([false, false, true]);
    expect(new Set(all.map(({ revision }) => revision)).size).toBe(1);
    expect(new Set(all.flatMap(told).map(([id]) => id)).size).toBe(1_200);
  });

  it("says every 30 seconds how far it is", async () => {
    const clock = new ManualClock();
    plane.stop();
    await plane.store.close();
    start({ clock, store: createEmbeddedStore({ path: ":memory:", clock: systemClock }) });
    const answers = watch();
    await state(answers);
    const { metadata } = await api.createTeam({ team: { name: "t" } });
    await next(answers);
    const beat = next(answers);
    for (let n = 0; n < 50; n++) await new Promise(setImmediate);
    await clock.advance(30_000);
    expect(await beat).toMatchObject({ revision: metadata?.revision, events: [], synced: false });
  });

  it.each([
    {
      name: "a kind that is none",
      input: { kinds: ["teams"] },
      code: Code.InvalidArgument,
      says: /no kind "teams" \(did you mean "team"\?\)/,
    },
    {
      name: "a revision to come",
      input: { fromRevision: 99n },
      code: Code.OutOfRange,
      says: /in the future.*start anew/,
    },
    {
      name: "a revision beyond numbers",
      input: { fromRevision: 2n ** 63n },
      code: Code.OutOfRange,
      says: /in the future/,
    },
  ])("refuses $name", async ({ input, code, says }) => {
    const error = await failure(watch(input));
    expect(Code[error.code]).toBe(Code[code]);
    expect(error.rawMessage).toMatch(says);
  });

  it("says that it must start anew when the past is no longer kept", async () => {
    const { metadata } = await api.createTeam({ team: { name: "a" } });
    await api.createTeam({ team: { name: "b" } });
    await plane.store.compact((await plane.store.list("/")).revision);
    const error = await failure(watch({ fromRevision: metadata?.revision ?? 0n }));
    expect(error).toMatchObject({
      code: Code.OutOfRange,
      rawMessage: expect.stringMatching(/start anew, from 0/),
    });
  });

  it("is bounded in number, and a place is free again when a watch ends", async () => {
    plane.stop();
    await plane.store.close();
    start({ watchesMax: 2 });
    const first = watch();
    await state(first);
    await state(watch());
    expect(await failure(watch())).toMatchObject({
      code: Code.ResourceExhausted,
      rawMessage: expect.stringMatching(/2 watches open/),
    });
    const entries = api.watchAuditEntries({})[Symbol.asyncIterator]();
    await expect(entries.next()).rejects.toMatchObject({ code: Code.ResourceExhausted });
    ended[0]?.abort();
    await expect(first.next()).rejects.toMatchObject({ code: Code.Canceled });
    await expect
      .poll(() =>
        state(watch()).then(
          () => "open",
          () => "full",
        ),
      )
      .toBe("open");
  });

  it("ends when the control plane stops, and tells the client to go elsewhere", async () => {
    const answers = watch();
    await state(answers);
    const error = failure(answers);
    plane.stop();
    expect(await error).toMatchObject({
      code: Code.Unavailable,
      rawMessage: expect.stringMatching(/this replica stops/),
    });
  });

  it.each([
    { name: "fails", lose: () => Promise.reject(new Error("the connection to 10.0.0.1 was lost")) },
    { name: "ends", lose: () => Promise.resolve() },
  ])(
    "is UNAVAILABLE when the store's watch $name, and goes on from where it was",
    async ({ lose }) => {
      plane.stop();
      await plane.store.close();
      const store = createEmbeddedStore({ path: ":memory:", clock: systemClock });
      let lost = Promise.withResolvers<void>();
      start({ store: losing(store, () => lost.promise) });
      const answers = watch();
      await state(answers);
      const { metadata } = await api.createTeam({ team: { name: "a" } });
      await next(answers);
      const error = failure(answers);
      lose().then(lost.resolve, lost.reject);
      expect((await error).code).toBe(Code.Unavailable);
      expect((await error).rawMessage).not.toMatch(/10\.0\.0\.1/);
      lost = Promise.withResolvers<void>();
      await api.createTeam({ team: { name: "b" } });
      const again = watch({ fromRevision: metadata?.revision ?? 0n });
      expect(told(await next(again))).toEqual([["team/b", CREATED]]);
    },
  );

  it("goes past a value that cannot be read, and logs it", async () => {
    const answers = watch();
    await state(answers);
    await plane.store.transact({
      writes: [{ type: "put", key: "/resources/team/bad", value: new Uint8Array([1, 2, 3]) }],
    });
    await api.createKey({ key: { name: "good" } });
    expect(told(await next(answers))).toEqual([["key/good", CREATED]]);
    expect(plane.logLines.join()).toMatch(/can't be read/);
  });

  it("takes from the store no faster than the client reads", async () => {
    plane.stop();
    await plane.store.close();
    const store = createEmbeddedStore({ path: ":memory:", clock: systemClock });
    let taken = 0;
    start({
      store: storeWith(store, {
        watch: (...args) => counted(store.watch(...args), () => taken++),
      }),
    });
    const answers = watch();
    await state(answers);
    for (let n = 0; n < 200; n++) await api.createTeam({ team: { name: `t${n}` } });
    await next(answers);
    for (let n = 0; n < 50; n++) await new Promise(setImmediate);
    expect(taken).toBeLessThan(20);
    for (let n = 1; n < 200; n++)
      expect(told(await next(answers))).toEqual([[`team/t${n}`, CREATED]]);
  });
});

describe("WatchResources of one team", () => {
  const research = () => plane.as({ actor: "x", role: admin.Role.TEAM, team: "research" });
  const key = (name: string, team: string) => ({ name, team, secret: `sk-${name}-12345678901` });
  const move = (name: string, team: string) =>
    api.updateKey({ key: { name, team }, updateMask: { paths: ["team"] } });
  beforeEach(async () => {
    const teams = [{ name: "research" }, { name: "sales" }];
    const models = [{ name: "gpt", deployments: [{ provider: "openai" }] }];
    const keys = [key("ours", "research"), key("theirs", "sales")];
    await api.apply({ resources: { providers: [openai], models, teams, keys } });
  });

  it("tells of its keys, its team and the models; keys come and go with their team", async () => {
    const answers = watch({}, research());
    expect((await state(answers)).flatMap(told).map(([id]) => id)).toEqual([
      "model/gpt",
      "team/research",
      "key/ours",
    ]);
    await move("theirs", "");
    await move("theirs", "research");
    await move("ours", "sales");
    expect(told(await next(answers))).toEqual([["key/theirs", CREATED]]);
    expect(told(await next(answers))).toEqual([["key/ours", DELETED]]);
    const updateMask = { paths: ["user"] };
    await api.updateKey({ key: { name: "ours", user: "x" }, updateMask });
    await api.deleteKey({ name: "ours" });
    await api.updateKey({ key: { name: "theirs", user: "x" }, updateMask });
    await api.deleteKey({ name: "theirs" });
    expect(told(await next(answers))).toEqual([["key/theirs", UPDATED]]);
    expect(told(await next(answers))).toEqual([["key/theirs", DELETED]]);
  });

  it("knows when it goes on what it had told of", async () => {
    const { revision } = await api.listKeys({});
    await api.updateKey({ key: { name: "ours", user: "x" }, updateMask: { paths: ["user"] } });
    await move("theirs", "research");
    await move("ours", "sales");
    await api.deleteKey({ name: "ours" });
    const answers = watch({ fromRevision: revision }, research());
    expect([
      told(await next(answers)),
      told(await next(answers)),
      told(await next(answers)),
    ]).toEqual([[["key/ours", UPDATED]], [["key/theirs", CREATED]], [["key/ours", DELETED]]]);
  });
});

/** Its watches end, or fail, when told to. */
function losing(store: Store, lost: () => Promise<void>): Store {
  return storeWith(store, {
    watch: async function* (prefix: string, options: WatchOptions) {
      const end = new AbortController();
      const signal = AbortSignal.any([options.signal, end.signal]);
      const loss = lost().finally(() => end.abort());
      loss.catch(() => undefined);
      yield* store.watch(prefix, { ...options, signal });
      if (end.signal.aborted) await loss;
    },
  });
}

async function* counted<T>(source: AsyncIterable<T>, count: () => void): AsyncGenerator<T> {
  for await (const item of source) {
    count();
    yield item;
  }
}
