import { recordOf } from "@headgate/core";
import type { KeptMessage, ReadOptions, StreamBounds } from "../bus.ts";
import { isJetStreamError, type JetStreamApi } from "./jetstream-api.ts";
import type { NatsSubjects } from "./nats-subjects.ts";

export interface ReadPageDeps {
  readonly api: JetStreamApi;
  readonly subjects: NatsSubjects;
  /** As NATS has it. */
  readonly stream: string;
}

/** Messages asked for at once. Each is up to 1.4 MB on its way. */
const atOnce = 16;

/**
 * Messages one by one, from whoever leads the stream: unlike a consumer it leaves nothing behind at
 * the server, and needs no majority of all servers. With a filter the server looks for the next, so
 * each takes a way there and back.
 */
export async function readPage(
  options: Required<ReadOptions>,
  deps: ReadPageDeps,
): Promise<readonly KeptMessage[]> {
  return options.filter === ">" ? await readAll(options, deps) : await readMatching(options, deps);
}

export async function readBounds({ api, stream }: ReadPageDeps): Promise<StreamBounds> {
  const info = await api.call(`STREAM.INFO.${stream}`);
  const { messages, first_seq: first, last_seq: last } = recordOf(info["state"]);
  if (messages === 0) return { first: Number(last) + 1, last: Number(last) };
  return { first: Number(first), last: Number(last) };
}

async function readAll(
  { from, limit }: Required<ReadOptions>,
  deps: ReadPageDeps,
): Promise<readonly KeptMessage[]> {
  const { first, last } = await readBounds(deps);
  const page: KeptMessage[] = [];
  for (let next = Math.max(from, first); next <= last && page.length < limit; ) {
    const count = Math.min(atOnce, limit - page.length, last - next + 1);
    const sequences = Array.from({ length: count }, (_, at) => next + at);
    const got = await Promise.all(sequences.map((seq) => getMessage({ seq }, deps)));
    page.push(...got.filter((message) => message !== undefined));
    next += count;
  }
  return page;
}

async function readMatching(
  { from, limit, filter }: Required<ReadOptions>,
  deps: ReadPageDeps,
): Promise<readonly KeptMessage[]> {
  const page: KeptMessage[] = [];
  const next_by_subj = deps.subjects.kept(filter);
  for (let seq = from; page.length < limit; ) {
    const message = await getMessage({ seq, next_by_subj }, deps);
    if (!message) break;
    page.push(message);
    seq = message.sequence + 1;
  }
  return page;
}

async function getMessage(
  wanted: { readonly seq: number; readonly next_by_subj?: string },
  { api, subjects, stream }: ReadPageDeps,
): Promise<KeptMessage | undefined> {
  try {
    const { message } = await api.call(`STREAM.MSG.GET.${stream}`, wanted);
    const { subject, seq, data = "", time } = recordOf(message);
    return {
      subject: subjects.ours(String(subject)),
      data: new Uint8Array(Buffer.from(String(data), "base64")),
      sequence: Number(seq),
      timeMs: Date.parse(String(time)),
    };
  } catch (error) {
    if (isJetStreamError(error, "messageNotFound")) return undefined;
    throw error;
  }
}
