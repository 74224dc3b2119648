import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatProblem } from "../problem.ts";
import { loadControlPlaneConfig } from "./control-plane-config.ts";
import { loadDataPlaneConfig } from "./data-plane-config.ts";

const keysOfControlPlane =
  "region, replica, listen, data_dir, store, bus, admin_token, oidc, node_auth, tls, rollout, log_level";

describe("loadControlPlaneConfig()", () => {
  it("fills in defaults", () => {
    expect(loadControlPlaneConfig({ text: "region: eu", env: {} })).toEqual({
      ok: true,
      config: {
        region: "eu",
        listen: {
          admin: { kind: "tcp", host: "127.0.0.1", port: 8081 },
          grpc: { kind: "tcp", host: "127.0.0.1", port: 18000 },
        },
        dataDir: "./state-cp",
        replica: undefined,
        store: { kind: "embedded", path: undefined },
        bus: { kind: "embedded" },
        adminToken: undefined,
        joinToken: undefined,
        oidc: undefined,
        tls: undefined,
        rolloutHoldMs: 0,
        logLevel: "info",
      },
    });
  });

  it("takes everything there is", () => {
    const text = `
region: eu-west
listen: {admin: 0.0.0.0:8081, grpc: "[::]:18000"}
data_dir: /var/lib/headgate
store: {embedded: {path: ./headgate.db}}
bus: {embedded: {}}
admin_token: \${ADMIN}
node_auth: {join_token: \${JOIN_TOKEN}}
tls: {cert: c.pem, key: k.pem, client_ca: ca.pem}
replica: eu-west-a
rollout: {hold: 30s}
log_level: debug
`;
    const env = { ADMIN: "admin-token-0123456789", JOIN_TOKEN: "1234567890123456" };
    expect(loadControlPlaneConfig({ text, env })).toMatchObject({
      config: {
        listen: { grpc: { host: "::" } },
        replica: "eu-west-a",
        store: { kind: "embedded", path: "./headgate.db" },
        rolloutHoldMs: 30_000,
        adminToken: "admin-token-0123456789",
        joinToken: "1234567890123456",
        tls: { cert: "c.pem", key: "k.pem", clientCa: "ca.pem" },
        logLevel: "debug",
      },
    });
  });

  it("takes etcd and NATS", () => {
    const text = `
region: eu-west
store:
  etcd:
    hosts: [https://10.0.0.1:2379, https://10.0.0.2:2379]
    username: headgate
    password: \${PASSWORD}
    tls: {ca: ca.pem, cert: c.pem, key: k.pem}
bus: {nats: {servers: [nats://127.0.0.1:4222], credentials_file: a.creds}}
`;
    expect(loadControlPlaneConfig({ text, env: { PASSWORD: "p" } })).toMatchObject({
      config: {
        store: {
          kind: "etcd",
          hosts: ["https://10.0.0.1:2379", "https://10.0.0.2:2379"],
          prefix: "/headgate",
          credentials: { username: "headgate", password: "p" },
          tls: { ca: "ca.pem", cert: "c.pem", key: "k.pem" },
        },
        bus: {
          kind: "nats",
          servers: ["nats://127.0.0.1:4222"],
          credentials: { kind: "file", path: "a.creds" },
        },
      },
    });
  });

  it.each([
    {
      name: "no region",
      text: "data_dir: x",
      lines: ["c.yaml:1:1 region: is missing"],
    },
    {
      name: "unknown keys, at both levels",
      text: "region: eu\nlisten: {admn: 0.0.0.0:1}\nzzz: 1",
      lines: [
        'c.yaml:2:10 listen.admn: unknown key "admn" (did you mean "admin"?): known are admin, grpc',
        `c.yaml:3:1 zzz: unknown key "zzz": known are ${keysOfControlPlane}`,
      ],
    },
    {
      name: "wrong types",
      text: "region: 1\nlisten: x\ndata_dir:\nlog_level: loud",
      lines: [
        'c.yaml:1:9 region: expected a text, got the number 1: quote it, "1"',
        "c.yaml:2:9 listen: expected a mapping, got a text",
        "c.yaml:3:1 data_dir: expected a text, got nothing",
        "c.yaml:4:12 log_level: must be one of trace, debug, info, warn, error, fatal, silent",
      ],
    },
    {
      name: "addresses",
      text: "region: eu\nlisten: {admin: :8081, grpc: unix:/x}",
      lines: [
        'c.yaml:2:17 listen.admin: has no host: write "0.0.0.0:8081" for every interface, "127.0.0.1:8081" for this machine only',
        'c.yaml:2:30 listen.grpc: must be host:port, such as "127.0.0.1:8081"',
      ],
    },
    {
      name: "servers and prefixes",
      text:
        "region: eu\nstore: {etcd: {hosts: [a, 'http://h'], prefix: headgate/}}\n" +
        "bus: {nats: {servers: [], token: t, username: u}}",
      lines: [
        'c.yaml:2:24 store.etcd.hosts[0]: is not http:// or https:// with host and port, such as "http://127.0.0.1:2379"',
        'c.yaml:2:27 store.etcd.hosts[1]: is not http:// or https:// with host and port, such as "http://127.0.0.1:2379"',
        'c.yaml:2:48 store.etcd.prefix: must look like "/headgate": no slash at its end',
        "c.yaml:3:13 bus.nats.password: is missing: username and password go together",
        "c.yaml:3:13 bus.nats: gives several of token, username and credentials_file: keep one",
        "c.yaml:3:23 bus.nats.servers: is empty: give at least one",
      ],
    },
    {
      name: "halves, and too much",
      text:
        "region: eu\nstore: {embedded: {}, etcd: {hosts: [http://h:1], username: u}}\n" +
        "bus: {nats: {servers: [nats://h:1], token: t, credentials_file: f}}",
      lines: [
        "c.yaml:2:8 store: has both embedded and etcd: keep one",
        "c.yaml:2:29 store.etcd.password: is missing: username and password go together",
        "c.yaml:3:13 bus.nats: gives several of token, username and credentials_file: keep one",
      ],
    },
    {
      name: "a variable that is not set, and nothing that follows from it",
      text: `region: eu\nstore: {etcd: {hosts: [http://h:1], username: u, password: \${PW}}}`,
      lines: [
        `c.yaml:2:60 store.etcd.password: environment variable PW is not set: set it, or give a default with \${PW:-default}`,
      ],
    },
    {
      name: "hosts of two kinds, TLS for none, a prefix of several parts",
      text:
        "region: eu\nstore: {etcd: {hosts: [http://h:1, https://h:1]}}\n" +
        "bus: {nats: {servers: [nats://h:1], prefix: a.b}}",
      lines: [
        "c.yaml:2:23 store.etcd.hosts: has http:// and https:// hosts: all members of one etcd are reached alike",
        "c.yaml:3:45 bus.nats.prefix: must be 1 to 64 letters, digits, _ or -",
      ],
    },
    {
      name: "TLS for hosts without",
      text: "region: eu\nstore: {etcd: {hosts: [http://h:1], tls: {ca: a}}}",
      lines: ["c.yaml:2:42 store.etcd.tls: is for https:// hosts"],
    },
    {
      name: "unknown keys in lists",
      text: "region: eu\noidc: {issuer: https://i, audience: a, roles: [{valu: x, value: y, role: admin}]}",
      lines: [
        'c.yaml:2:49 oidc.roles[0].valu: unknown key "valu" (did you mean "value"?): known are value, role, team',
      ],
    },
    {
      name: "tokens",
      text: `region: eu\nadmin_token: short\nnode_auth: {join_token: \${JOIN_TOKEN}}`,
      lines: [
        "c.yaml:2:14 admin_token: is too short: a token has at least 16 characters",
        `c.yaml:3:25 node_auth.join_token: environment variable JOIN_TOKEN is not set: set it, or give a default with \${JOIN_TOKEN:-default}`,
      ],
    },
    {
      name: "nothing",
      text: "",
      lines: [`c.yaml: the file is empty: expected some of ${keysOfControlPlane}`],
    },
  ])("reports $name", ({ text, lines }) => {
    const result = loadControlPlaneConfig({ text, file: "c.yaml", env: {} });
    expect(result.ok ? [] : result.problems.map(formatProblem)).toEqual(lines);
  });
});

describe("loadDataPlaneConfig()", () => {
  const minimal = "region: eu\ncontrol_plane: {endpoints: [http://127.0.0.1:18000]}\n";

  it("fills in defaults", () => {
    expect(loadDataPlaneConfig({ text: minimal, env: {} })).toEqual({
      ok: true,
      config: {
        region: "eu",
        node: undefined,
        listen: {
          proxy: { kind: "tcp", host: "0.0.0.0", port: 8080 },
          telemetry: { kind: "tcp", host: "127.0.0.1", port: 9090 },
        },
        controlPlane: {
          endpoints: ["http://127.0.0.1:18000"],
          joinToken: undefined,
          tls: undefined,
        },
        bus: undefined,
        stateDir: "./state",
        workers: undefined,
        bodyMaxBytes: 33_554_432,
        drainTimeoutMs: 60_000,
        tls: undefined,
        logLevel: "info",
      },
    });
  });

  it("takes a socket, and numbers from the environment", () => {
    const text = `${minimal}listen: {proxy: unix:/run/h.sock}\nworkers: \${W}\ndrain_timeout: \${D:-5m}`;
    expect(loadDataPlaneConfig({ text, env: { W: "3" } })).toMatchObject({
      config: {
        listen: { proxy: { kind: "unix", path: "/run/h.sock" } },
        workers: 3,
        drainTimeoutMs: 300_000,
      },
    });
  });

  it.each([
    {
      name: "NATS",
      line: "bus: {nats: {servers: [nats://n:4222]}}",
      bus: { kind: "nats", credentials: undefined, tls: undefined },
    },
    {
      name: "servers and a token",
      line: "bus: {nats: {servers: [nats://n:4222], token: t}}",
      bus: { servers: ["nats://n:4222"], credentials: { kind: "token", token: "t" } },
    },
    { name: "nothing of it", line: "bus: {}", bus: undefined },
  ])("takes a bus with $name", ({ line, bus }) => {
    const result = loadDataPlaneConfig({ text: minimal + line, env: {} });
    expect(result.ok && { bus: result.config.bus }).toMatchObject({ bus });
  });

  it.each([
    [
      "bus: {embedded: {}}",
      "3:17 bus.embedded: would reach nobody: a node shares no process with the control plane. Give nats, or leave bus out",
    ],
    ["workers: 0", "3:10 workers: must be a whole number from 1 to 256"],
    ["workers: many", "3:10 workers: must be a whole number from 1 to 256"],
    [
      "max_body_bytes: 32MiB",
      "3:17 max_body_bytes: must be a whole number from 1024 to 1073741824",
    ],
    [
      "drain_timeout: 60",
      '3:16 drain_timeout: must be a duration: a number and a unit, such as "30s", "500ms", "1.5s", "5m" or "1h"',
    ],
    ["drain_timeout: 2h", "3:16 drain_timeout: is too long: at most 3600s"],
    ["tls: {cert: a}", "3:6 tls.key: is missing"],
    [
      "node: a b",
      "3:7 node: is not a name: use 1 to 63 letters, digits and . _ -, beginning with a letter or digit",
    ],
  ])("reports %s", (line, problem) => {
    const result = loadDataPlaneConfig({ text: minimal + line, file: "d.yaml", env: {} });
    expect(result.ok ? [] : result.problems.map(formatProblem)).toEqual([`d.yaml:${problem}`]);
  });

  it.each(["a:1", "http://h:1/path", "http://u:p@h:1", "ftp://h"])("refuses endpoint %s", (url) => {
    const text = `region: eu\ncontrol_plane: {endpoints: ["${url}"]}`;
    const result = loadDataPlaneConfig({ text, env: {} });
    expect(result.ok ? [] : result.problems.map(formatProblem)).toEqual([
      "2:29 control_plane.endpoints[0]: " +
        'is not a URL of scheme, host and port, such as "http://127.0.0.1:18000"',
    ]);
  });

  it("never throws, whatever the text", () => {
    const pieces = fc.constantFrom(
      ..."region:|listen:|control_plane:|endpoints:|workers:|tls:|bus:|- |  |\n|{|}|[|]|: |, |&a |*a|<<: |'|__proto__: |constructor: |-1|1e400|~|? |null".split(
        "|",
      ),
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
        const result = loadDataPlaneConfig({ text: parts.join(""), env: {} });
        if (!result.ok) expect(result.problems.length).toBeGreaterThan(0);
      }),
      { numRuns: 1_000 },
    );
  });
});
