import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { withDeadline } from "./deadline.ts";
import { LogLines } from "./log-lines.ts";
import { Watchers } from "./watchers.ts";

describe("withDeadline", () => {
  it("passes on what the promise became in time", async () => {
    expect(await withDeadline(Promise.resolve(1), "one", 1_000)).toBe(1);
    await expect(withDeadline(Promise.reject(new Error("own")), "x", 1_000)).rejects.toThrow("own");
  });

  it("names what never came", async () => {
    const never = new Promise(() => {});
    await expect(withDeadline(never, () => "godot", 5)).rejects.toThrow("waited 5 ms for godot");
  });
});

describe("Watchers", () => {
  it("wakes those whose condition holds, and only those", async () => {
    const watchers = new Watchers();
    let count = 0;
    const one = watchers.until(() => count >= 1, "one");
    const two = watchers.until(() => count >= 2, "two", 20);
    count = 1;
    watchers.changed();
    await one;
    await expect(two).rejects.toThrow("waited 20 ms for two");
  });

  it("does not wait for what already holds", async () => {
    await new Watchers().until(() => true, "nothing", 0);
  });
});

describe("LogLines", () => {
  it("parses JSON lines, keeps others as text, and waits for later ones", async () => {
    const stream = new PassThrough();
    const logs = new LogLines();
    logs.read(stream);
    stream.write('{"msg":"call","status":200}\nplain {\n{broken\n');
    const ready = logs.waitFor((line) => line["event"] === "ready", "the ready line");
    stream.write('{"event":"ready","proxy":"http://x"}\n');
    expect(await ready).toMatchObject({ proxy: "http://x" });
    expect(logs.withMessage("call")).toEqual([{ msg: "call", status: 200 }]);
    expect(logs.lines.slice(1, 3)).toEqual([{ text: "plain {" }, { text: "{broken" }]);
  });

  it("shows the last output when the line never comes", async () => {
    const stream = new PassThrough();
    const logs = new LogLines();
    logs.read(stream);
    stream.write("port taken\n");
    await expect(logs.waitFor(() => false, "the ready line", 20)).rejects.toThrow(/port taken/);
  });
});
