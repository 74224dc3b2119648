import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Below what systems hand out by themselves (Linux from 32,768, others from 49,152), so that a
 * server that is down for a while finds its port free again.
 */
const first = 10_000;
const last = 32_000;
/** Of test files at the same time, each with ports of its own. */
const slices = 16;
const sliceSize = Math.floor((last - first) / slices);
const sliceFirst = first + (Number(process.env["VITEST_POOL_ID"] ?? 0) % slices) * sliceSize;

let given = Math.floor(Math.random() * sliceSize);

/**
 * Ports of 127.0.0.1 that nobody listens on just now, and that this process was not given before
 * until it was given all. Another process may take one before you do: retry.
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    given += 1;
    const port = sliceFirst + (given % sliceSize);
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    server.close();
    await once(server, "close");
    return true;
  } catch {
    return false;
  }
}
