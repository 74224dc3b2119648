import { Registry } from "prom-client";
import type { NodeRequest, NodeResponse } from "./node-adapter.ts";

export interface PlainRoutesOptions {
  readonly metricsText: () => Promise<string>;
  /** Undefined: ready. */
  readonly whyNotReady: () => string | undefined;
}

type Answer = { readonly status: number; readonly type: string; readonly body: string };

/** What is not RPC: metrics, health, and a clear answer to everything else. */
export function createPlainRoutes(
  options: PlainRoutesOptions,
): (request: NodeRequest, response: NodeResponse) => void {
  return (request, response) => {
    void answerTo(request, options).then(({ status, type, body }) => {
      response.writeHead(status, { "content-type": type });
      response.end(request.method === "HEAD" ? "" : body);
      request.resume(); // A body nobody reads must not keep the connection.
    });
  };
}

async function answerTo(
  { method, url }: NodeRequest,
  { metricsText, whyNotReady }: PlainRoutesOptions,
): Promise<Answer> {
  const path = (url ?? "/").split("?", 1)[0] ?? "/";
  if (!["/metrics", "/health/live", "/health/ready"].includes(path)) return nothingAt(path);
  if (method !== "GET" && method !== "HEAD") {
    return json(405, { code: "unimplemented", message: `${path} answers GET, not ${method}` });
  }
  if (path === "/metrics") {
    return { status: 200, type: Registry.PROMETHEUS_CONTENT_TYPE, body: await metricsText() };
  }
  const reason = path === "/health/ready" ? whyNotReady() : undefined;
  return reason === undefined
    ? json(200, { status: "ok" })
    : json(503, { status: "unavailable", reason });
}

function nothingAt(path: string): Answer {
  const message =
    `there is nothing at ${path}; there are /metrics, /health/live, /health/ready ` +
    "and POST /headgate.admin.v1.AdminService/<Method>";
  return json(404, { code: "not_found", message });
}

function json(status: number, value: object): Answer {
  return { status, type: "application/json", body: `${JSON.stringify(value)}\n` };
}
