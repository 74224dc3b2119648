import { Fault, systemClock } from "@headgate/core";
import { describe, expect, it } from "vitest";
import type { ChatRequest, MediaPart } from "../chat/chat-request.ts";
import type { FetchedMedia } from "./guarded-fetch.ts";
import { GuardedFetcher } from "./guarded-fetcher.ts";
import { inlineMedia } from "./inline-media.ts";

const fetched = (url: string): FetchedMedia => ({ mediaType: "image/png", data: btoa(url) });
const any = ({ source }: MediaPart): boolean => source.kind === "url";

describe("inlineMedia()", () => {
  it("puts data in place of URLs, in messages and tool results, and fetches each once", async () => {
    const urls: string[] = [];
    const request = asked(
      [image("u1"), { type: "text", text: "t" }, file("u2"), image("u1")],
      [image("u2")],
    );
    const inlined = await inlineMedia(request, any, async (url) => {
      urls.push(url);
      return fetched(url);
    });
    const data = (url: string) => ({ kind: "data", ...fetched(url) });
    expect(inlined.messages).toMatchObject([
      {
        content: [
          { source: data("u1") },
          { text: "t" },
          { filename: "f", source: data("u2") },
          { source: data("u1") },
        ],
      },
      { callId: "c", content: [{ source: data("u2") }] },
    ]);
    expect(urls).toEqual(["u1", "u2"]);
  });

  it("leaves the rest as it is, and the very same request if there is nothing to fetch", async () => {
    const request = asked([image("u1"), { ...image(""), source: { kind: "id", id: "x" } }], []);
    const none = () => Promise.reject(new Error("not to be fetched"));
    expect(await inlineMedia(request, () => false, none)).toBe(request);
    const inlined = await inlineMedia(request, any, async (url) => fetched(url));
    expect(inlined.messages[0]?.content[1]).toEqual(request.messages[0]?.content[1]);
  });

  it("fetches by what the URL is of", async () => {
    const request = asked([image("u1"), file("u1"), image("u2"), file("u3")], []);
    const urls: string[] = [];
    const isFile = ({ type }: MediaPart): boolean => type === "file";
    const inlined = await inlineMedia(request, isFile, async (url) => {
      urls.push(url);
      return fetched(url);
    });
    expect(urls).toEqual(["u1", "u3"]);
    expect(inlined.messages[0]?.content).toMatchObject([
      { source: { kind: "url" } },
      { source: { kind: "data" } },
      { source: { kind: "url" } },
      { source: { kind: "data" } },
    ]);
  });

  it("fetches four at a time, and no more once one failed", async () => {
    const request = asked(
      Array.from({ length: 20 }, (_, index) => image(`u${index}`)),
      [],
    );
    let running = 0;
    let most = 0;
    let started = 0;
    const one = async (url: string): Promise<FetchedMedia> => {
      started += 1;
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running -= 1;
      if (url === "u5") throw new Fault("media_not_fetched", "no");
      return fetched(url);
    };
    await expect(inlineMedia(request, any, one)).rejects.toThrow("no");
    await new Promise(setImmediate);
    expect(most).toBe(4);
    expect(started).toBeLessThan(12);
  });

  it("refuses too many files, and too much of them", async () => {
    const many = asked(
      Array.from({ length: 101 }, (_, index) => image(`u${index}`)),
      [],
    );
    await expect(inlineMedia(many, any, async (url) => fetched(url))).rejects.toThrow(
      "names 101 files by URL: at most 100",
    );
    const data = "A".repeat(48 * 1024 * 1024);
    const large = inlineMedia(asked([image("a"), image("b")], []), any, async () => ({
      mediaType: "image/png",
      data,
    }));
    await expect(large).rejects.toThrow("more than 67108864 bytes together");
  });
});

describe("GuardedFetcher", () => {
  const policy = { disabled: false, allowHosts: new Set(["h"]), bytesMax: 10, timeoutMs: 10_000 };
  const { signal } = new AbortController();

  it("fetches nothing where that is switched off", async () => {
    const fetcher = new GuardedFetcher({ clock: systemClock });
    const call = fetcher.fetch("https://example.com/", {
      policy: { ...policy, disabled: true },
      signal,
    });
    await expect(call).rejects.toMatchObject({
      code: "media_not_fetched",
      message: expect.stringContaining("send it as data"),
    });
  });

  it("runs eight at a time, lets some wait, refuses the rest, and goes on after failures", async () => {
    const resolvers: ((reason: Error) => void)[] = [];
    const resolve = () => new Promise<never>((_, reject) => resolvers.push(reject));
    const fetcher = new GuardedFetcher({ clock: systemClock, resolve });
    // Twice, since places that are not given back would be missed only then.
    for (let round = 0; round < 2; round++) await crowd();

    async function crowd(): Promise<void> {
      const calls = Array.from({ length: 80 }, () =>
        fetcher.fetch("http://h/", { policy, signal }).catch((reason: Error) => reason.message),
      );
      let most = 0;
      let done = 0;
      const settled = Promise.all(calls).finally(() => {
        done = 1;
      });
      while (done === 0) {
        await new Promise(setImmediate);
        most = Math.max(most, resolvers.length);
        for (const reject of resolvers.splice(0)) reject(new Error("no"));
      }
      const messages = await settled;
      expect(most).toBe(8);
      expect(messages.filter((one) => String(one).includes("Too many files"))).toHaveLength(8);
      expect(messages.filter((one) => String(one).includes("connection to its host"))).toHaveLength(
        72,
      );
    }
  });
});

type Content = Extract<ChatRequest["messages"][number], { readonly role: "user" }>["content"];

function asked(user: Content, tool: Content): ChatRequest {
  return {
    messages: [
      { role: "user", content: user },
      { role: "tool", callId: "c", content: tool },
    ],
    tools: [],
    stream: false,
    more: { dialect: "openai", members: {} },
  };
}

function image(url: string) {
  return { type: "image", source: { kind: "url", url } } as const;
}

function file(url: string) {
  return { type: "file", filename: "f", source: { kind: "url", url } } as const;
}
