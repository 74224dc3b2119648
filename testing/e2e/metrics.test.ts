import {
  errorAnswer,
  type FakeProvider,
  openAiAnswers,
  type RunningUp,
  serverErrorAnswer,
  startFakeProvider,
  startUp,
} from "@headgate/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ChatCall, chat, chatStatus } from "./chat.ts";
import { eventually } from "./eventually.ts";
import { type MetricFamily, parseMetrics, samplesOf } from "./parse-metrics.ts";

const key = "sk-hg-metrics-0123456789";

interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
}

describe("metrics", () => {
  const resources = new AsyncDisposableStack();
  let provider: FakeProvider;
  let up: RunningUp;
  /** What the provider said of one call; all calls of these tests ask the same. */
  let usage: Usage;
  /** Both listeners show it: telemetry the node, admin both planes. */
  const pages = new Map<string, ReadonlyMap<string, MetricFamily>>();
  const inUpAndSeen = ["telemetry", "admin"];

  beforeAll(async () => {
    provider = resources.use(await startFakeProvider());
    up = resources.use(await startUp({ config: yaml(), flags: ["--workers", "2"] }));
    await makeKnownCalls();
    await eventually(async () => expect((await page(up.telemetryUrl)).text).toMatch(noOpenCall));
    for (const [name, url] of Object.entries({ telemetry: up.telemetryUrl, admin: up.adminUrl })) {
      pages.set(name, parseMetrics((await page(url)).text));
    }
  });
  afterAll(() => resources.disposeAsync());

  it.each(inUpAndSeen)("on the %s port count calls exactly, by how they ended", (name) => {
    const counted = (labels: Record<string, string>, count: number) => ({
      [labelText({ endpoint: "chat_completions", team: "e2e", ...labels })]: count,
    });
    expect(samples(name, "llm_requests_total")).toEqual({
      ...counted({ model: "chat", status: "200", outcome: "ok" }, 5),
      ...counted({ model: "flaky", status: "200", outcome: "ok" }, 1),
      ...counted({ model: "strict", status: "400", outcome: "upstream_error" }, 1),
      ...counted({ model: "cut", status: "200", outcome: "interrupted" }, 1),
      ...counted({ model: "slow", status: "499", outcome: "client_closed" }, 1),
      ...counted({ model: "", status: "404", outcome: "rejected" }, 1),
      ...counted({ model: "", team: "", status: "401", outcome: "rejected" }, 1),
    });
  });

  it.each(inUpAndSeen)("on the %s port count tokens as the provider did", (name) => {
    const tokens = samples(name, "llm_token_usage_total");
    const of = (model: string, type: string) => tokens[labelText({ team: "e2e", model, type })];
    expect(of("chat", "input")).toBe(5 * usage.prompt_tokens);
    expect(of("chat", "output")).toBe(5 * usage.completion_tokens);
    expect(of("flaky", "input")).toBe(usage.prompt_tokens);
    expect(of("strict", "input")).toBeUndefined();
  });

  it("count attempts, retries and upstream errors", () => {
    const errors = samples("admin", "llm_upstream_error_total");
    expect(sum(errors, /error_type="500",provider="flaky"/)).toBe(1);
    expect(sum(errors, /error_type="400",provider="strict"/)).toBe(1);
    expect(sum(errors)).toBe(2);
    expect(samples("admin", "headgate_retries_total")).toEqual({ '{model="flaky"}': 1 });
    const picks = samples("admin", "llm_balance_distribution");
    expect(picks['{deployment="chat/chat-a/chat",model="chat"}']).toBe(5);
    expect(sum(picks)).toBe(10);
  });

  it("measure every call's time, and a stream's first event", () => {
    const latency = samples("admin", "llm_request_latency_seconds");
    expect(sum(latency, /^_count/)).toBe(11);
    const first = samples("admin", "llm_time_to_first_token_seconds");
    expect(sum(first, /^_count\{model="chat"\}/)).toBe(2);
  });

  it("count failures by code, and show the gauges at rest", () => {
    const failures = samples("admin", "llm_failures_total");
    const failed = (model: string, code: string) =>
      failures[labelText({ endpoint: "chat_completions", model, code })];
    expect(failed("cut", "stream_interrupted")).toBe(1);
    expect(failed("slow", "client_closed")).toBe(1);
    expect(failed("", "model_not_found")).toBe(1);
    expect(failed("", "invalid_api_key")).toBe(1);
    expect(sum(failures)).toBe(5);
    expect(samples("admin", "headgate_open_calls")).toEqual({ "": 0 });
    expect(samples("admin", "headgate_workers")).toEqual({ "": 2 });
    expect(samples("admin", "headgate_control_plane_connected")).toEqual({ "": 1 });
  });

  it("take no label from what a provider made up", () => {
    const families = [...(pages.get("admin")?.values() ?? [])];
    const ids = families.flatMap((family) => [...family.samples.keys()]);
    expect(ids.filter((id) => id.includes(inventedCode))).toEqual([]);
    const failures = samples("admin", "llm_failures_total");
    expect(sum(failures, /code="400".*model="strict"/)).toBe(1);
  });

  it("of both planes are on the admin port of `up`, and agree on the version", () => {
    const version = samples("admin", "headgate_snapshot_version")[""];
    expect(version).toBeGreaterThan(0);
    expect(samples("admin", "headgate_control_plane_snapshot_version")).toEqual({ "": version });
    expect(samples("admin", "headgate_discovery_streams")).toEqual({ "": 1 });
    expect(pages.get("telemetry")?.has("headgate_discovery_streams")).toBe(false);
  });

  it("come as Prometheus text", async () => {
    for (const url of [up.telemetryUrl, up.adminUrl]) {
      expect((await page(url)).type).toMatch(/^text\/plain; version=0\.0\.4/);
    }
  });

  it.each(["proxy", "admin", "telemetry"] as const)("health is on the %s port", async (port) => {
    const url = { proxy: up.proxyUrl, admin: up.adminUrl, telemetry: up.telemetryUrl }[port];
    for (const path of ["/health/live", "/health/ready"]) {
      const response = await fetch(url + path);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toMatch(/^application\/json/);
      expect((await response.json()) as object).toHaveProperty("status");
    }
    expect((await fetch(`${url}/health/nowhere`)).status).toBe(404);
  });

  async function makeKnownCalls(): Promise<void> {
    const call: ChatCall = { proxyUrl: up.proxyUrl, key };
    for (let plain = 0; plain < 3; plain++) {
      // Sound because the fake provider always tells.
      usage = ((await (await chat(call)).json()) as { usage: Usage }).usage;
    }
    const asked = { stream_options: { include_usage: true } };
    expect(await (await chat({ ...call, stream: true, more: asked })).text()).toContain('"usage"');
    expect(await (await chat({ ...call, stream: true })).text()).not.toContain("completion_tokens");

    provider.failTimes(1, serverErrorAnswer());
    expect(await chatStatus({ ...call, model: "flaky" })).toBe(200);
    const refusal = { message: "No.", type: "invalid_request_error", code: inventedCode };
    provider.script(errorAnswer(400, refusal));
    expect(await chatStatus({ ...call, model: "strict" })).toBe(400);
    provider.script((request) => ({ ...openAiAnswers()(request), closeAfter: 250 }));
    expect(await (await chat({ ...call, model: "cut", stream: true })).text()).toContain(
      "stream_interrupted",
    );
    await abortedCall({ ...call, model: "slow" });
    expect(await chatStatus({ ...call, model: "unheard-of" })).toBe(404);
    expect(await chatStatus({ ...call, key: "sk-unheard-of" })).toBe(401);
  }

  async function abortedCall(call: ChatCall): Promise<void> {
    provider.script({ hold: true });
    const leave = new AbortController();
    const status = chatStatus({ ...call, signal: leave.signal });
    const requests = await provider.waitFor(provider.requests.length + 1);
    leave.abort();
    expect(await status).toBe(0);
    const held = requests.at(-1);
    if (held) await provider.waitForClose(held);
  }

  function yaml(): string {
    const names = ["chat", "strict", "cut", "slow"];
    const providers = names.map((name) => providerLine(name, [`${name}-a`]));
    const models = [...names, "flaky"].map(
      (name) => `  - {name: ${name}, deployments: [{provider: ${name}}]}`,
    );
    return `
providers:
${[...providers, providerLine("flaky", ["flaky-a", "flaky-b"])].join("\n")}
models:
${models.join("\n")}
teams: [{name: e2e}]
keys: [{name: metrics, team: e2e, secret: ${key}}]
`;
  }

  function providerLine(name: string, credentials: readonly string[]): string {
    const list = credentials.map((credential) => `{name: ${credential}}`).join(", ");
    const type = "type: openai-compatible";
    return `  - {name: ${name}, ${type}, base_url: "${provider.baseUrl}", credentials: [${list}]}`;
  }

  function samples(port: string, name: string): Readonly<Record<string, number>> {
    return samplesOf(pages.get(port) ?? new Map(), name);
  }
});

/** A code that is no code: were it a label, each would be a time series of its own. */
const inventedCode = "quota_of_organisation_48151623_exceeded";

const noOpenCall = /^headgate_open_calls 0$/m;

async function page(url: string) {
  const response = await fetch(`${url}/metrics`);
  return { text: await response.text(), type: response.headers.get("content-type") ?? "" };
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  return `{${pairs.toSorted().join(",")}}`;
}

function sum(samples: Readonly<Record<string, number>>, which = /^/): number {
  const counted = Object.entries(samples).filter(([id]) => which.test(id));
  return counted.reduce((total, [, value]) => total + value, 0);
}
