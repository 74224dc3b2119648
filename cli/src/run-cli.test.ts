import { describe, expect, it } from "vitest";
import { memoryIo } from "./memory-io.ts";
import { runCli } from "./run-cli.ts";
import { version } from "./version.ts";

describe("runCli()", () => {
  it("prints the version, with Node's", async () => {
    const io = memoryIo();
    expect(await runCli(["version"], io)).toBe(0);
    expect(io.written.stdout).toBe(
      `headgate ${version} (node ${process.version}, ${process.platform}-${process.arch})\n`,
    );
  });

  it("helps by name, too", async () => {
    const [flag, name] = [memoryIo(), memoryIo()];
    await runCli(["up", "--help"], flag);
    await runCli(["help", "up"], name);
    expect(name.written.stdout).toBe(flag.written.stdout);
  });

  const misuses = [
    { name: "no command", argv: [], says: "Usage: headgate" },
    {
      name: "an unknown command",
      argv: ["upp"],
      says: "unknown command 'upp'\n(Did you mean up?)",
    },
    { name: "an unknown flag", argv: ["up", "--prot", "1"], says: "unknown option '--prot'" },
    {
      name: "an unknown flag's way out",
      argv: ["up", "--prot"],
      says: "(see: headgate up --help)",
    },
    {
      name: "a port too high",
      argv: ["up", "--port", "65536"],
      says: "'65536' is invalid. A port is",
    },
    { name: "a port with a sign", argv: ["up", "--port=-1"], says: "A port is a whole number" },
    {
      name: "no workers",
      argv: ["up", "--workers", "0"],
      says: "Workers are a whole number from 1",
    },
    {
      name: "an unknown level",
      argv: ["up", "--log-level", "loud"],
      says: "Allowed are trace, debug",
    },
    { name: "too many words", argv: ["version", "x"], says: "too many arguments" },
    { name: "keys alone", argv: ["keys"], says: "Usage: headgate keys" },
    { name: "an unknown kind", argv: ["get", "robots"], says: "Kinds are provider, model, team" },
    { name: "no kind", argv: ["get"], says: "missing required argument 'kind'" },
    { name: "an unknown format", argv: ["get", "keys", "-o", "xml"], says: "table, json, yaml" },
    { name: "no name", argv: ["delete", "model"], says: "missing required argument 'names'" },
    {
      name: "a server without scheme",
      argv: ["nodes", "--server", "h:1"],
      says: "A server is a URL",
    },
    { name: "apply without a file", argv: ["apply"], says: "-f FILE" },
    { name: "validate without a file", argv: ["validate"], says: "-f FILE" },
    { name: "a plane without settings", argv: ["control-plane"], says: "--config FILE" },
    { name: "a node without settings", argv: ["data-plane"], says: "--config FILE" },
  ];
  it.each(misuses)("refuses $name with status 2", async ({ argv, says }) => {
    const io = memoryIo();
    expect(await runCli(argv, io)).toBe(2);
    expect(io.written.stderr).toContain(says);
    expect(io.written.stdout).toBe("");
  });

  it("colours help only for terminals", async () => {
    const [plain, colored] = [memoryIo(), memoryIo({ colors: true })];
    await runCli(["--help"], plain);
    await runCli(["--help"], colored);
    expect(plain.written.stdout).not.toContain("\u001b[");
    expect(colored.written.stdout).toContain("\u001b[1m");
  });
});
