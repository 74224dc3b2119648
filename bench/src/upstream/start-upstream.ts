import { once } from "node:events";
import type { Children } from "../process/children.ts";

export interface Upstream {
  readonly port: number;
  stop(): Promise<void>;
}

export async function startUpstream(children: Children): Promise<Upstream> {
  const child = children.fork(new URL("fake-upstream.ts", import.meta.url));
  const [message] = await Promise.race([once(child, "message"), once(child, "exit")]);
  if (!isReady(message)) {
    throw new Error(`the fake provider did not start: ${children.stderrOf(child)}`);
  }
  return { port: message.port, stop: () => children.stop(child) };
}

function isReady(message: unknown): message is { port: number } {
  return typeof message === "object" && message !== null && "port" in message;
}
