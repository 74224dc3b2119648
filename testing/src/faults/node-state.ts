import type { PlanePart } from "../lab/parts/plane-part.ts";

const askWithinMs = 2_000;

/** Version of the snapshot a node has in use; 0 without one, or without an answer. */
export async function nodeVersion(node: PlanePart): Promise<number> {
  return (await nodeMetric(node, "headgate_snapshot_version")) ?? 0;
}

/** A gauge or counter without labels. Undefined when the node says nothing. */
export async function nodeMetric(node: PlanePart, name: string): Promise<number | undefined> {
  const page = await answerOf(`${node.url("telemetry")}/metrics`);
  const value = new RegExp(`^${name} (\\S+)$`, "m").exec(page?.text ?? "")?.[1];
  return value === undefined ? undefined : Number(value);
}

/** What a node answers to a holder of this key: 200, or 401. Undefined when it says nothing. */
export async function statusForKey(node: PlanePart, secret: string): Promise<number | undefined> {
  const headers = { authorization: `Bearer ${secret}` };
  return (await answerOf(`${node.url("proxy")}/v1/models`, headers))?.status;
}

/** 200 when it serves, 503 when it does not. Undefined when it says nothing. */
export async function readiness(node: PlanePart): Promise<number | undefined> {
  return (await answerOf(`${node.url("proxy")}/health/ready`))?.status;
}

async function answerOf(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly text: string } | undefined> {
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(askWithinMs) });
    return { status: response.status, text: await response.text() };
  } catch {
    return undefined;
  }
}
