import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatProblem } from "../problem.ts";
import { loadResourceSet } from "./load-resource-set.ts";

/** Each row: this text (the file is f.yaml), therefore these lines, all of them. */
interface Row {
  readonly name: string;
  readonly text: string;
  readonly lines: readonly string[];
}

const nameRule = "use 1 to 128 letters, digits and . _ : @ / -, beginning with a letter or digit";
const retryRule =
  'is none of connect_error, timeout, an error status such as "429", or a class "4xx" or "5xx"';
const durationRule =
  'expected a duration, a number and a unit, such as "30s", "500ms", "1.5s", "5m" or "1h"';
const rootKeys = "providers, models, teams, keys, policy";
const keyKeys = "name, team, user, secret, secret_hash, models, limits, secret_from";

describe("loadResourceSet() reports", () => {
  const syntax: Row[] = [
    row("an empty file", "", `f.yaml: the file is empty: expected at least one of ${rootKeys}`),
    row(
      "comments only",
      "# nothing\n",
      `f.yaml: the file is empty: expected at least one of ${rootKeys}`,
    ),
    row(
      "every syntax error",
      "a: b: c\nd: 'x",
      "f.yaml:1:4: not valid YAML: Nested mappings are not allowed in compact mappings",
      "f.yaml:2:6: not valid YAML: Missing closing 'quote",
    ),
    row("a tab", "\tkeys: []", "f.yaml:1:1: a tab is used for indentation: use spaces"),
    row(
      "a second document",
      "keys: []\n---\nkeys: []",
      "f.yaml:2:1: a second document starts here: put everything in one, without ---",
    ),
    row(
      "a tag",
      "keys: !secret x",
      "f.yaml:1:7: tags are not used here: quote a text that begins with !",
    ),
    row("a key that is a list", "? [a]\n: 1", "f.yaml:1:3: a key must be a plain text"),
    row("a list at the root", "- a", `f.yaml:1:1: expected a mapping (${rootKeys}), got a list`),
    row(
      "an alias of nothing",
      "teams: [*none]",
      "f.yaml:1:9 teams[0]: there is no &none before this *none: quote a text that begins with *",
    ),
    row(
      "an alias inside itself",
      "teams: [&t {name: a, limits: *t}]",
      "f.yaml:1:30 teams[0].limits: the alias is inside the value it stands for",
    ),
  ];

  const shape: Row[] = [
    row(
      "an unknown key, with what was meant",
      "model: []",
      `f.yaml:1:1 model: unknown key "model" (did you mean "models"?): known are ${rootKeys}`,
    ),
    row("an unknown key", "zzz: 1", `f.yaml:1:1 zzz: unknown key "zzz": known are ${rootKeys}`),
    row("a text for a list", "keys: x", 'f.yaml:1:7 keys: expected a list, got "x"'),
    row("a mapping for a list", "keys: {a: 1}", "f.yaml:1:7 keys: expected a list, got a mapping"),
    row(
      "nothing for a list",
      "keys:",
      "f.yaml:1:1 keys: expected a list, got nothing (give a value, or remove the line)",
    ),
    row(
      "wrong items",
      "keys: [x, 1]",
      `f.yaml:1:8 keys[0]: expected a mapping (${keyKeys}), got "x"`,
      `f.yaml:1:11 keys[1]: expected a mapping (${keyKeys}), got the number 1`,
    ),
    row(
      "a key given twice",
      "teams: [{name: a, name: b}]",
      'f.yaml:1:19 teams[0].name: "name" is given twice',
    ),
    row(
      "a bare number for a text",
      "teams: [{name: 429}]",
      'f.yaml:1:16 teams[0].name: expected a text, got the number 429: quote it, "429"',
    ),
    row(
      "a bare word for a text",
      "teams: [{name: true}]",
      'f.yaml:1:16 teams[0].name: expected a text, got the word true: quote it, "true"',
    ),
    row(
      "a list for a text",
      "teams: [{name: [a]}]",
      "f.yaml:1:16 teams[0].name: expected a text, got a list",
    ),
    row(
      "two units in one limit",
      "teams: [{name: a, limits: [{requests: 1, tokens: 2}]}]",
      "f.yaml:1:27 teams[0].limits: not honoured yet: limits, remove it",
      "f.yaml:1:42 teams[0].limits[0].tokens: give only one of requests, tokens, input_tokens, " +
        "output_tokens, concurrency, usd; add an entry for each",
    ),
    row(
      "a text for a number, and a bad enum word",
      "teams: [{name: a, limits: [{requests: many, per: minutes}]}]",
      "f.yaml:1:27 teams[0].limits: not honoured yet: limits, remove it",
      "f.yaml:1:39 teams[0].limits[0].requests: " +
        'expected a whole number from 0 to 18446744073709551615, got "many"',
      'f.yaml:1:50 teams[0].limits[0].per: "minutes" is none of second, minute, hour, day, month ' +
        '(did you mean "minute"?)',
    ),
    row(
      "a variable that is not set, one that is empty, and a broken one",
      `teams: [{name: \${TEAM}}, {name: "\${EMPTY}"}, {name: "\${1X}"}]`,
      `f.yaml:1:16 teams[0].name: environment variable TEAM is not set: set it, or give a default with \${TEAM:-default}`,
      `f.yaml:1:33 teams[1].name: environment variable EMPTY is empty: set it, or give a default with \${EMPTY:-default}`,
      `f.yaml:1:53 teams[2].name: write \${NAME} or \${NAME:-default}; for a literal \${ write $\${`,
    ),
  ];

  const providers: Row[] = [
    provider("no type", "name: p", [
      "5 providers[0].type: is missing: use one of openai, azure, anthropic, gemini, vertex, bedrock, " +
        "ollama, groq, vllm, tgi, openai-compatible",
    ]),
    provider("a vendor's API without credentials", "name: p, type: openai", [
      "5 providers[0].credentials: is missing: give at least one, with its api_key",
    ]),
    provider("a mistyped type", "type: vlm, name: p, credentials: [{name: a}]", [
      '12 providers[0].type: "vlm" is none of openai, azure, anthropic, gemini, vertex, bedrock, ' +
        'ollama, groq, vllm, tgi, openai-compatible (did you mean "vllm"?)',
    ]),
    ...(
      [
        ["organization: o", "openai"],
        ["project: p", "openai or vertex"],
        ["api_version: v1", "azure"],
        ["anthropic_version: 2023-06-01", "anthropic"],
        ["location: eu", "vertex"],
        ["service_account_file: f", "vertex"],
        ["aws_region: eu-west-1", "bedrock"],
        ["responses: true", "openai, azure, groq, vllm, tgi or openai-compatible"],
      ] as const
    ).map(([field, types]) => {
      const name = field.split(":")[0] ?? "";
      const column = 57 + name.length;
      return provider(`${name} of another type`, ollama(field), [
        `${column} providers[0].${name}: is for type ${types} only, remove it`,
      ]);
    }),
    provider(
      "keep_alive of another type",
      "name: p, type: groq, keep_alive: 5m, base_url: http://h",
      ["39 providers[0].keep_alive: is for type ollama only, remove it"],
    ),
    provider("a keep_alive that is no duration", ollama("keep_alive: long"), [
      '67 providers[0].keep_alive: is not a duration: give one such as "5m" or "1h30m", or "-1" for ever',
    ]),
    provider("azure without a URL", "name: p, type: azure, credentials: [{name: a, api_key: k}]", [
      '5 providers[0].base_url: is missing: give the URL of the resource, such as "https://NAME.openai.azure.com"',
    ]),
    provider(
      "azure without a key, of a version that is none",
      "name: p, type: azure, api_version: v2, base_url: https://n.openai.azure.com, credentials: [{name: a}]",
      [
        '41 providers[0].api_version: is not a version: give a date such as "2024-10-21" or "2025-04-01-preview", or "v1"',
        "97 providers[0].credentials[0].api_key: is missing: n.openai.azure.com answers no call without one",
      ],
    ),
    ...["anthropic", "gemini"].map((type) =>
      provider(`${type} without credentials`, `name: p, type: ${type}`, [
        "5 providers[0].credentials: is missing: give at least one, with its api_key",
      ]),
    ),
    provider("anthropic without a key", "name: p, type: anthropic, credentials: [{name: a}]", [
      "46 providers[0].credentials[0].api_key: is missing: api.anthropic.com answers no call without one",
    ]),
    provider("vertex without its place", `name: p, type: vertex, ${account("{}")}`, [
      "5 providers[0].project: is missing: give the id of the Google Cloud project",
      '5 providers[0].location: is missing: give the region, such as "europe-west1", or "global"',
      "62 providers[0].credentials[0].api_key: is not a service account: give the JSON key of a Google " +
        'service account (with "client_email" and "private_key"), or credentials of type "authorized_user"',
    ]),
    provider(
      "vertex with a key of another kind",
      `name: p, type: vertex, project: p, location: global, ${account("AIzaSyA-1234567890")}`,
      [
        "92 providers[0].credentials[0].api_key: is not JSON: give the JSON key of a Google service account " +
          '(with "client_email" and "private_key"), or credentials of type "authorized_user"',
      ],
    ),
    provider(
      "a service_account_file that is none, and one that is not there",
      "name: p, type: vertex, project: p, location: l, service_account_file: key}\n" +
        "  - {name: q, type: vertex, project: p, location: l, service_account_file: none",
      [
        "76 providers[0].service_account_file: is not JSON: give the JSON key of a Google service account " +
          '(with "client_email" and "private_key"), or credentials of type "authorized_user"',
        "76 providers[1].service_account_file: cannot read none: no such file",
      ],
      [2, 3],
    ),
    provider("a location that is none", `name: p, type: vertex, project: p, location: "eu/x"`, [
      "5 providers[0].credentials: is missing: give at least one, with its api_key, or a service_account_file",
      '51 providers[0].location: is not a location: give one such as "europe-west1" or "global"',
    ]),
    provider("a project that is none", `name: p, type: vertex, project: "a/b", location: eu`, [
      "5 providers[0].credentials: is missing: give at least one, with its api_key, or a service_account_file",
      '38 providers[0].project: is not the id of a Google Cloud project, such as "my-project-1"',
    ]),
    provider(
      "bedrock without a region",
      "name: p, type: bedrock, credentials: [{name: a, api_key: k}]",
      ['5 providers[0].aws_region: is missing: give the AWS region, such as "eu-central-1"'],
    ),
    provider(
      "bedrock elsewhere without a region to sign for",
      "name: p, type: bedrock, base_url: http://h, credentials: [{name: a, access_key_id: A, secret_access_key: s}]",
      ['5 providers[0].aws_region: is missing: give the AWS region, such as "eu-central-1"'],
    ),
    provider(
      "a region that is none",
      "name: p, type: bedrock, aws_region: Frankfurt, credentials: [{name: a, api_key: k}]",
      ['42 providers[0].aws_region: is not a region, such as "eu-central-1"'],
    ),
    provider("bedrock without a secret", bedrock("weight: 1"), [
      "67 providers[0].credentials[0].api_key: is missing: " +
        "bedrock-runtime.eu-west-1.amazonaws.com answers no call without one",
    ]),
    provider("half an access key", bedrock("access_key_id: A"), [
      "67 providers[0].credentials[0].secret_access_key: is missing: " +
        "an access key has access_key_id and secret_access_key",
    ]),
    provider("the other half", bedrock("secret_access_key: s"), [
      "67 providers[0].credentials[0].access_key_id: is missing: " +
        "an access key has access_key_id and secret_access_key",
    ]),
    provider("a session token alone", bedrock("api_key: k, session_token: t"), [
      "67 providers[0].credentials[0].access_key_id: is missing: " +
        "an access key has access_key_id and secret_access_key",
    ]),
    provider("both kinds of key", bedrock("api_key: k, access_key_id: A, secret_access_key: s"), [
      "104 providers[0].credentials[0].access_key_id: give either api_key or an access key, not both",
    ]),
    provider(
      "an access key id that is none",
      bedrock('access_key_id: "A/B", secret_access_key: s'),
      [
        "92 providers[0].credentials[0].access_key_id: is not an access key id, such as AKIAEXAMPLE",
      ],
    ),
    provider(
      "an access key of another type",
      ollama().replace(
        "{name: a}",
        "{name: a, access_key_id: A, secret_access_key: s, session_token: t}",
      ),
      [
        "68 providers[0].credentials[0].access_key_id: is for type bedrock only, remove it",
        "90 providers[0].credentials[0].secret_access_key: is for type bedrock only, remove it",
        "108 providers[0].credentials[0].session_token: is for type bedrock only, remove it",
      ],
    ),
    provider("no base_url", "name: p, type: tgi, credentials: [{name: a}]", [
      "5 providers[0].base_url: is missing: give the URL of the server with its /v1, such as " +
        '"http://127.0.0.1:8000/v1"',
    ]),
    provider("a base_url that is not http", ollama('base_url: "ftp://h"'), [
      '65 providers[0].base_url: is not an absolute http or https URL, such as "https://api.example.com/v1"',
    ]),
    provider("a relative base_url", ollama("base_url: h/v1"), [
      '65 providers[0].base_url: is not an absolute http or https URL, such as "https://api.example.com/v1"',
    ]),
    provider("a password in base_url", ollama('base_url: "http://u:p@h/v1"'), [
      "65 providers[0].base_url: holds a user or password: give secrets as api_key",
    ]),
    provider("a query in base_url", ollama('base_url: "http://h/v1?x=1"'), [
      "65 providers[0].base_url: has a query or fragment: a base URL ends with its path",
    ]),
    provider("no api_key where one is needed", "name: p, type: openai, credentials: [{name: a}]", [
      "43 providers[0].credentials[0].api_key: is missing: api.openai.com answers no call without one",
    ]),
    provider(
      "an api_key that no header can carry",
      'name: p, type: openai, credentials: [{name: a, api_key: "a b"}]',
      [
        "62 providers[0].credentials[0].api_key: has a space, a line break or a character that no header can carry",
      ],
    ),
    provider(
      "an api_key_file that cannot be read",
      "name: p, type: openai, credentials: [{name: a, api_key_file: nope}]",
      ["67 providers[0].credentials[0].api_key_file: cannot read nope: no such file"],
    ),
    provider(
      "both",
      "name: p, type: openai, credentials: [{name: a, api_key: k, api_key_file: key}]",
      [
        "79 providers[0].credentials[0].api_key_file: give either api_key or api_key_file, not both",
      ],
    ),
    provider("weight 0 everywhere", "name: p, type: ollama, credentials: [{name: a, weight: 0}]", [
      "42 providers[0].credentials: every credential has weight 0, so none is used: give one a weight",
    ]),
    provider(
      "weights out of range",
      "name: p, type: ollama, credentials: [{name: a, weight: 5000000}, {name: b, weight: -1}]",
      [
        "61 providers[0].credentials[0].weight: is too large: a weight is a whole number from 0 to 1000000",
        "89 providers[0].credentials[1].weight: expected a whole number from 0 to 4294967295, got the number -1",
      ],
    ),
    provider(
      "limits of a credential",
      "name: p, type: ollama, credentials: [{name: a, limits: [{concurrency: 1}]}]",
      ["61 providers[0].credentials[0].limits: not honoured yet: limits, remove it"],
    ),
    row(
      "a credential name used by another provider",
      `providers:\n  - {${ollama()}}\n  - {name: q, type: ollama, credentials: [{name: a}]}`,
      'f.yaml:3:50 providers[1].credentials[0].name: provider "p" has a credential "a" already: ' +
        "names are unique across providers, since limits are kept by them",
    ),
    row(
      "a provider name used twice",
      `providers:\n  - {${ollama()}}\n  - {name: p, type: ollama, credentials: [{name: b}]}`,
      'f.yaml:3:12 providers[1].name: there is a provider "p" already, at providers[0].name',
    ),
  ];

  const models: Row[] = [
    model("no deployments", "name: m", ["6 models[0].deployments: is missing: give at least one"]),
    model("an unknown provider", "name: m, deployments: [{provider: pp}]", [
      '41 models[0].deployments[0].provider: there is no provider "pp" (did you mean "p"?): there is p',
    ]),
    model("no provider", "name: m, deployments: [{model: x}]", [
      `30 models[0].deployments[0].provider: is missing: ${nameRule}`,
    ]),
    model(
      "a strategy that does not work yet",
      "name: m, strategy: smart, deployments: [{provider: p}]",
      [
        "26 models[0].strategy: not honoured yet: strategy smart, use one of round_robin, weighted, shuffle",
      ],
    ),
    model("weight 0 everywhere", "name: m, deployments: [{provider: p, weight: 0}]", [
      "29 models[0].deployments: every deployment has weight 0, so none is used: give one a weight",
    ]),
    model(
      "fields that do not work yet",
      "name: m, fallbacks: [x], optimize: {cost: 1}, deployments: [{provider: p, context_window: 1, " +
        "quality: 0}]",
      [
        "27 models[0].fallbacks: not honoured yet: fallbacks, remove it",
        "42 models[0].optimize: not honoured yet: optimize, remove it",
        "97 models[0].deployments[0].context_window: not honoured yet: context_window, remove it",
        "109 models[0].deployments[0].quality: not honoured yet: quality, remove it",
      ],
    ),
    model(
      "prices out of range",
      "name: m, deployments: [{provider: p, price: {input_per_mtok: -1, cached_input_per_mtok: 2000000}}]",
      [
        "68 models[0].deployments[0].price.input_per_mtok: must be from 0 to 1000000 US dollars per million tokens",
        "95 models[0].deployments[0].price.cached_input_per_mtok: must be from 0 to 1000000 US dollars per million tokens",
      ],
    ),
    model(
      "a bad region and priority",
      "name: m, deployments: [{provider: p, priority: 101, regions: [eu west]}]",
      [
        "54 models[0].deployments[0].priority: is too large: a whole number from 0 to 100",
        '69 models[0].deployments[0].regions[0]: "eu west" is not a name: ' +
          "use 1 to 63 letters, digits and . _ -, beginning with a letter or digit",
      ],
    ),
  ];

  const keys: Row[] = [
    key("no secret", "name: k", [
      "8 keys[0].secret: is missing: give a secret of at least 16 characters, or a secret_hash",
    ]),
    key("a short secret", "name: k, secret: 0123456789abcde", [
      "26 keys[0].secret: is too short: a secret has at least 16 characters",
    ]),
    key("secret and secret_hash", `name: k, secret: sk-hg-quickstart, secret_hash: "${hash()}"`, [
      "57 keys[0].secret_hash: give either secret or secret_hash, not both",
    ]),
    key("a bad secret_hash", "name: k, secret_hash: abc", [
      '31 keys[0].secret_hash: must be "hmac-sha256:" and 64 hex digits in lower case',
    ]),
    key("an unknown team", "name: k, secret: sk-hg-quickstart, team: nobody", [
      '50 keys[0].team: there is no team "nobody": there is none',
    ]),
    key("a bad glob", 'name: k, secret: sk-hg-quickstart, models: ["gpt-?", "a*"]', [
      '53 keys[0].models[0]: "gpt-?" is not a name: give a model name, or a pattern with *, such as "claude-*"',
    ]),
    key("limits", "name: k, secret: sk-hg-quickstart, limits: [{usd: 5, per: day}]", [
      "52 keys[0].limits: not honoured yet: limits, remove it",
    ]),
    key("revoke_time", "name: k, secret: sk-hg-quickstart, revoke_time: 2030-01-01T00:00:00Z", [
      "44 keys[0].revoke_time: is set by `headgate keys revoke` only, remove it",
    ]),
    row(
      "two keys with one secret",
      "keys:\n  - {name: k, secret: sk-hg-quickstart}\n  - {name: l, secret: sk-hg-quickstart}",
      'f.yaml:3:23 keys[1].secret: is the same as that of key "k"',
    ),
    row(
      "names: none, a bad one, one used twice",
      "teams: [{}, {name: my team}, {name: a}, {name: a}]",
      `f.yaml:1:9 teams[0].name: is missing: ${nameRule}`,
      `f.yaml:1:20 teams[1].name: "my team" is not a name: ${nameRule}`,
      'f.yaml:1:48 teams[3].name: there is a team "a" already, at teams[2].name',
    ),
  ];

  const policies: Row[] = [
    policy("another name", "name: other", [
      '16 policy.name: there is one policy, and its name is "default"',
    ]),
    policy(
      "retry out of range",
      "retry: {max_attempts: 0, budget_percent: 101, on: [429, 5xx, 200, often]}",
      [
        "32 policy.retry.max_attempts: must be from 1 to 10",
        "51 policy.retry.budget_percent: must be from 0 to 100",
        `71 policy.retry.on[2]: "200" ${retryRule}`,
        `76 policy.retry.on[3]: "often" ${retryRule}`,
      ],
    ),
    policy("bad timeouts", "timeouts: {connect: 30, first_token: 0s, idle: 2m, total: 60s}", [
      `30 policy.timeouts.connect: ${durationRule}, got the number 30`,
      "47 policy.timeouts.first_token: is too short: at least 1ms",
      "57 policy.timeouts.idle: 120s is longer than total, 60s: nothing waits that long",
    ]),
    policy("a timeout too long", "timeouts: {total: 25h}", [
      "28 policy.timeouts.total: is too long: at most 24h",
    ]),
    policy("breaker", "breaker: {error_percent: 50}", [
      "19 policy.breaker: not honoured yet: breaker, remove it",
    ]),
    policy("a word for unsupported_parameters", "unsupported_parameters: refuse", [
      '34 policy.unsupported_parameters: "refuse" is none of drop, strict',
    ]),
    policy(
      "fetch out of range",
      'fetch: {allow_hosts: [files.example.com, "http://h", "h:80", "*.h"], max_bytes: 0, timeout: 0s}',
      [
        ...[
          '51 policy.fetch.allow_hosts[1]: "http://h"',
          '63 policy.fetch.allow_hosts[2]: "h:80"',
          '71 policy.fetch.allow_hosts[3]: "*.h"',
        ].map(
          (start) =>
            `${start} is not a host: give a name or an address, without scheme, port or *, such as "files.example.com"`,
        ),
        "90 policy.fetch.max_bytes: must be from 1 to 104857600",
        "102 policy.fetch.timeout: is too short: at least 1ms",
      ],
    ),
    policy("queue", "queue: {max_wait: 10s}", [
      "17 policy.queue: not honoured yet: queue, remove it (only queue: {max_wait: 0s}, which refuses at once)",
    ]),
  ];

  it.each([...syntax, ...shape, ...providers, ...models, ...keys, ...policies])(
    "$name",
    (example) => {
      expect(linesOf(example.text)).toEqual(example.lines);
    },
  );

  it("a file that is too large, without parsing it", () => {
    expect(linesOf(`# ${"x".repeat(4 * 1024 * 1024)}`)).toEqual([
      "f.yaml: the file has 4194306 bytes; at most 4194304 are read",
    ]);
  });

  it("aliases that multiply, at the first that is too much", () => {
    const levels = Array.from({ length: 30 }, (_, level) =>
      level === 0 ? "- &l0 [x, x]" : `- &l${level} [*l${level - 1}, *l${level - 1}]`,
    );
    const lines = linesOf(`zzz:\n${levels.join("\n")}`);
    expect(lines.filter((line) => line.includes("aliases repeat"))).toHaveLength(1);
  });

  it("nesting that is too deep, however deep", () => {
    for (const depth of [70, 2_000, 200_000]) {
      const lines = linesOf(`zzz: ${"[".repeat(depth)}${"]".repeat(depth)}`);
      expect(lines.join()).toContain("nested too deeply");
    }
  });

  it("at most 200 problems, and how many more there are", () => {
    const lines = linesOf(`teams: [${"1, ".repeat(300)}]`);
    expect(lines).toHaveLength(201);
    expect(lines.at(-1)).toBe("f.yaml: and 100 more problems");
  });
});

describe("loadResourceSet()", () => {
  it("shows no secrets, also where one is in the wrong place", () => {
    const secret = "sk-live-1234567890";
    const texts = [
      `keys: ${secret}`,
      `keys: [${secret}]`,
      `keys: [{name: k, secret: "${secret} ${secret}"}]`,
      `providers: [{name: p, type: openai, credentials: \${SECRET}}]`,
      `policy: {retry: {max_attempts: \${SECRET}}}`,
      `models: [{name: m, strategy: \${SECRET}}]`,
      `providers: [{${bedrock(`secret_access_key: ${secret}`)}}]`,
      `providers: [{${bedrock(`access_key_id: "${secret}", secret_access_key: "${secret}\\n"`)}}]`,
      `providers: [{${bedrock(`session_token: "${secret} ${secret}"`)}}]`,
      `providers: [{name: p, type: vertex, ${account(secret)}}]`,
      `providers: [{name: p, type: vertex, project: p, location: l, ${account(`{"private_key": "${secret}"}`)}}]`,
    ];
    for (const text of texts) {
      const lines = linesOf(text, { SECRET: secret });
      expect(lines).not.toEqual([]);
      expect(lines.join("\n")).not.toContain(secret);
    }
  });

  it("puts in variables, also within braces, and numbers where numbers belong", () => {
    const set = load(
      `policy: {retry: {max_attempts: \${N}, budget_percent: \${M:-20}}}
teams: [{name: a-\${N}}]
keys: [{name: k, user: \${USER:-a, b: #[c]}, secret: 'sk-\${N}-$\${N}-aaaaaaaa'}]`,
      { N: "4" },
    );
    expect(set.policy?.retry).toMatchObject({ maxAttempts: 4, budgetPercent: 20 });
    expect(set.teams[0]?.name).toBe("a-4");
    expect(set.keys[0]).toMatchObject({ user: "a, b: #[c]", secret: `sk-4-\${N}-aaaaaaaa` });
  });

  it("takes anchors, aliases and merge keys", () => {
    const set = load(
      "keys:\n  - &k {name: a, user: u, secret: sk-aaaaaaaaaaaaaaaa}\n" +
        "  - {<<: *k, name: b, secret: sk-bbbbbbbbbbbbbbbb}",
    );
    expect(set.keys[1]).toMatchObject({ name: "b", user: "u", secret: "sk-bbbbbbbbbbbbbbbb" });
  });

  it("takes what `get -o yaml` shows", () => {
    const set = load("teams: [{name: a, metadata: {revision: 7, create_time: x}}]");
    expect(set.teams[0]?.metadata).toBeUndefined();
  });

  it("reads api_key_file from beside the file, without the last line break", () => {
    const paths: string[] = [];
    const result = loadResourceSet({
      text: "providers: [{name: p, type: openai, credentials: [{name: a, api_key_file: keys/a}]}]",
      file: "conf/f.yaml",
      env: {},
      readFile: (path) => {
        paths.push(path);
        return "sk-from-file\n";
      },
    });
    expect(paths).toEqual(["conf/keys/a"]);
    expect(result.ok && result.resources.providers[0]?.credentials[0]).toMatchObject({
      apiKey: "sk-from-file",
      apiKeyFile: "",
    });
  });

  it("leaves out what has no secret, and what needs it, and says so", () => {
    const text = `
providers:
  - {name: p, type: openai, credentials: [{name: a, api_key: "\${A:-}"}, {name: b, api_key: bb}]}
  - {name: q, type: groq, credentials: [{name: c, api_key: \${C:-}}]}
models:
  - {name: m, deployments: [{provider: p}, {provider: q}]}
  - {name: n, deployments: [{provider: q}]}
`;
    const result = loadResourceSet({ text, file: "f.yaml", env: {}, readFile });
    if (!result.ok) throw new Error(result.problems.map(formatProblem).join("\n"));
    const { providers, models } = result.resources;
    expect(
      providers.map(({ name, credentials }) => [name, credentials.map((c) => c.name)]),
    ).toEqual([["p", ["b"]]]);
    expect(models.map(({ name, deployments }) => [name, deployments.length])).toEqual([["m", 1]]);
    expect(result.notices).toEqual([
      'credential "a" of provider "p" is left out: A is not set',
      'provider "q" is left out: C not set',
      'model "m" goes without 1 of its 2 deployments',
      'model "n" is left out: its providers are',
    ]);
    expect(load(text, { A: "aa", C: "cc" }).models).toHaveLength(2);
  });

  it("gives the content of service_account_file to credentials that have no key", () => {
    const json = '{"client_email": "a@b", "private_key": "-----BEGIN\\nx"}';
    const vertex =
      "name: v, type: vertex, project: p, location: l, service_account_file: keys/v.json";
    const secretsOf = (more: string): unknown => {
      const result = loadResourceSet({
        text: `providers: [{${vertex}${more}}]`,
        file: "conf/f.yaml",
        env: {},
        readFile: (path) => (path === "conf/keys/v.json" ? `${json}\n` : ""),
      });
      if (!result.ok) throw new Error(result.problems.map(formatProblem).join("\n"));
      expect(result.resources.providers[0]?.serviceAccountFile).toBe("");
      return result.resources.providers[0]?.credentials.map(({ name, apiKey }) => [name, apiKey]);
    };
    expect(secretsOf("")).toEqual([["v", json]]);
    const own = '{"type": "authorized_user"}';
    const given = `, credentials: [{name: a}, {name: b, api_key: '${own}'}]`;
    expect(secretsOf(given)).toEqual([
      ["a", json],
      ["b", own],
    ]);
  });

  it.each([
    {
      name: "half an access key",
      provider: `name: p, type: bedrock, aws_region: \${REGION:-}, credentials: [{name: a, access_key_id: \${ID:-}, secret_access_key: \${KEY:-}}]`,
      some: { ID: "AKIA", REGION: "eu-west-1" },
      all: { ID: "AKIA", REGION: "eu-west-1", KEY: "s" },
      notice: "KEY not set",
    },
    {
      name: "a whole access key, and what goes with it",
      provider: `name: p, type: bedrock, aws_region: \${REGION:-}, credentials: [{name: a, access_key_id: \${ID:-}, secret_access_key: \${KEY:-}, session_token: \${TOKEN:-}}]`,
      some: {},
      all: { ID: "AKIA", REGION: "eu-west-1", KEY: "s" },
      notice: "ID and KEY not set",
    },
    {
      name: "either kind of key",
      provider: `name: p, type: bedrock, aws_region: eu-west-1, credentials: [{name: a, api_key: \${KEY:-}, access_key_id: \${ID:-}, secret_access_key: \${SECRET:-}}]`,
      some: { ID: "AKIA" },
      all: { KEY: "k" },
      notice: "KEY and SECRET not set",
    },
    {
      name: "a service account",
      provider: `name: p, type: vertex, project: \${PROJECT:-}, location: global, service_account_file: \${FILE:-}`,
      some: {},
      all: { PROJECT: "p", FILE: "account" },
      notice: "FILE not set",
    },
    {
      name: "a service account for a credential",
      provider: `name: p, type: vertex, project: p, location: global, service_account_file: \${FILE:-}, credentials: [{name: a}]`,
      some: {},
      all: { FILE: "account" },
      notice: "FILE not set",
    },
  ])("leaves out a provider without $name", ({ provider, some, all, notice }) => {
    const text = `providers: [{${provider}}]`;
    const bare = loadResourceSet({ text, env: some, readFile });
    expect(bare).toMatchObject({ ok: true, resources: { providers: [] } });
    expect(bare.ok && bare.notices).toEqual([`provider "p" is left out: ${notice}`]);
    expect(load(text, all).providers[0]?.credentials).toHaveLength(1);
  });

  it("still asks for what a provider with a secret lacks", () => {
    const text = `providers: [{name: p, type: vertex, project: \${PROJECT:-}, location: l, service_account_file: \${FILE:-}}]`;
    expect(linesOf(text, { FILE: "account" })).toEqual([
      "f.yaml:1:46 providers[0].project: is missing: give the id of the Google Cloud project",
    ]);
  });

  it("refuses what leaving out spoils", () => {
    const text =
      "providers: [{name: p, type: openai, credentials: " +
      `[{name: a, api_key: \${A:-}}, {name: b, api_key: bb, weight: 0}]}]`;
    expect(linesOf(text)).toEqual([
      'f.yaml provider "p".credentials: every credential has weight 0, so none is used: ' +
        "give one a weight (after leaving out what is not set)",
    ]);
  });

  it("leaves references to the server when told to", () => {
    const text = "keys: [{name: k, secret: sk-hg-quickstart, team: elsewhere}]";
    const options = { text, env: {}, readFile };
    expect(loadResourceSet(options).ok).toBe(false);
    expect(loadResourceSet({ ...options, references: "server" }).ok).toBe(true);
  });

  it("never throws, whatever the text", () => {
    const pieces = fc.constantFrom(
      ..."providers:|models:|keys:|policy:|teams:|name:|- |  |\n|{|}|[|]|: |, |&a |*a|<<: |'|\"|$@|:-|}|$$@|!!x |#|---\n|null|0x1F|.inf|-1|1e400|~|? ||\u{1f600}|\t|retry:|on:|timeouts:|total:|credentials:|api_key:"
        .split("|")
        .map((piece) => piece.replace("@", "{")),
    );
    const texts = fc.oneof(
      fc.string({ unit: "binary", maxLength: 200 }),
      fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const result = loadResourceSet({ text, file: "f.yaml", env: {}, readFile });
        if (!result.ok) expect(result.problems.length).toBeGreaterThan(0);
      }),
      { numRuns: 2_000 },
    );
  });
});

function linesOf(text: string, env: Record<string, string> = {}): readonly string[] {
  const result = loadResourceSet({ text, file: "f.yaml", env: { EMPTY: "", ...env }, readFile });
  return result.ok ? [] : result.problems.map(formatProblem);
}

function load(text: string, env: Record<string, string> = {}) {
  const result = loadResourceSet({ text, file: "f.yaml", env, readFile });
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join("\n"));
  return result.resources;
}

function readFile(path: string): string {
  if (path === "key") return "k";
  if (path === "account") return '{"type": "authorized_user"}';
  throw new Error("no such file");
}

function row(name: string, text: string, ...lines: readonly string[]): Row {
  return { name, text, lines };
}

/** `lines` without their `f.yaml:2:`. */
function provider(
  name: string,
  body: string,
  lines: readonly string[],
  /** Where each problem is, if not all on line 2. */
  at: readonly number[] = [],
): Row {
  const text = `providers:\n  - {${body}}`;
  const placed = lines.map((line, index) => `f.yaml:${at[index] ?? 2}:${line}`);
  return { name: `provider: ${name}`, text, lines: placed };
}

function model(name: string, body: string, lines: readonly string[]): Row {
  const text = `providers: [{${ollama()}}]\nmodels:\n   - {${body}}`;
  return { name: `model: ${name}`, text, lines: lines.map((line) => `f.yaml:3:${line}`) };
}

function key(name: string, body: string, lines: readonly string[]): Row {
  const text = `keys: [{${body}}]`;
  return { name: `key: ${name}`, text, lines: lines.map((line) => `f.yaml:1:${line}`) };
}

function policy(name: string, body: string, lines: readonly string[]): Row {
  const text = `policy: {${body}}`;
  return { name: `policy: ${name}`, text, lines: lines.map((line) => `f.yaml:1:${line}`) };
}

/** A provider with nothing wrong. */
function ollama(more = ""): string {
  return `name: p, type: ollama, credentials: [{name: a}]${more === "" ? "" : `, ${more}`}`;
}

/** A credential with such an api_key. */
function account(json: string): string {
  return `credentials: [{name: a, api_key: ${JSON.stringify(json)}}]`;
}

function bedrock(secrets: string): string {
  return `name: p, type: bedrock, aws_region: eu-west-1, credentials: [{name: a, ${secrets}}]`;
}

function hash(): string {
  return `hmac-sha256:${"0".repeat(64)}`;
}
