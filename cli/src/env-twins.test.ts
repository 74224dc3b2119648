import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { applyEnvTwins, envTwins } from "./env-twins.ts";
import { parsePort } from "./flag-values.ts";
import type { Environment } from "./io.ts";

describe("applyEnvTwins()", () => {
  const rows: { name: string; argv: string[]; env: Environment; options: object }[] = [
    { name: "nothing given", argv: [], env: {}, options: { adminPort: 8081 } },
    {
      name: "the twin beats the default",
      argv: [],
      env: { HEADGATE_ADMIN_PORT: "9" },
      options: { adminPort: 9 },
    },
    {
      name: "the flag beats the twin",
      argv: ["--admin-port", "7"],
      env: { HEADGATE_ADMIN_PORT: "9" },
      options: { adminPort: 7 },
    },
    {
      name: "the flag beats the twin even with the default's value",
      argv: ["--admin-port", "8081"],
      env: { HEADGATE_ADMIN_PORT: "9" },
      options: { adminPort: 8081 },
    },
    {
      name: "an empty twin is not set",
      argv: [],
      env: { HEADGATE_ADMIN_PORT: "" },
      options: { adminPort: 8081 },
    },
    {
      name: "a switch is turned on",
      argv: [],
      env: { HEADGATE_PRUNE: "true" },
      options: { adminPort: 8081, prune: true },
    },
    {
      name: "a switch is left off",
      argv: [],
      env: { HEADGATE_PRUNE: "0" },
      options: { adminPort: 8081 },
    },
    {
      name: "the admin token's well-known name",
      argv: [],
      env: { HEADGATE_ADMIN_TOKEN: "a", HEADGATE_TOKEN: "b" },
      options: { adminPort: 8081, token: "a" },
    },
    {
      name: "the admin token's regular name",
      argv: [],
      env: { HEADGATE_TOKEN: "b" },
      options: { adminPort: 8081, token: "b" },
    },
  ];
  it.each(rows)("$name", ({ argv, env, options }) => {
    const found = Object.entries(parse(argv, env)).filter(([, value]) => value !== undefined);
    expect(Object.fromEntries(found)).toEqual(options);
  });

  it.each([
    { env: { HEADGATE_ADMIN_PORT: "x" }, says: "HEADGATE_ADMIN_PORT 'x' is invalid. A port is" },
    { env: { HEADGATE_PRUNE: "maybe" }, says: "HEADGATE_PRUNE 'maybe' is invalid. It is a switch" },
  ])("names the variable that is wrong: $env", ({ env, says }) => {
    expect(() => parse([], env)).toThrow(says);
  });

  it("names twins by one rule", () => {
    expect(envTwins("data-dir")).toEqual(["HEADGATE_DATA_DIR"]);
  });
});

function parse(argv: readonly string[], env: Environment): object {
  const command = new Command("test")
    .option("--admin-port <port>", "", parsePort, 8081)
    .option("--prune", "")
    .option("--token <token>", "")
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .hook("preAction", (_, action) => applyEnvTwins(action, env))
    .action(() => {});
  return command.parse([...argv], { from: "user" }).opts();
}
