import { create } from "@bufbuild/protobuf";
import { resources } from "@headgate/proto";
import { describe, expect, it } from "vitest";
import { memoryIo } from "../memory-io.ts";
import { banner } from "./banner.ts";

describe("banner()", () => {
  it("gives lines to copy that work with the quickstart", () => {
    const text = show("sk-hg-quickstart");
    expect(text).toContain('Bearer sk-hg-quickstart"');
    expect(text).toContain('baseURL: "http://127.0.0.1:8080/v1", apiKey: "sk-hg-quickstart"');
    expect(text).toContain('"model": "demo"');
  });

  it("never shows the secret of a real key", () => {
    const text = show("sk-real-secret-of-a-user");
    expect(text).not.toContain("sk-real");
    expect(text).toContain("HEADGATE_KEY: the secret of the key first");
  });

  it("says what comes next when there is no file", () => {
    const text = banner(memoryIo().stdout, { ...facts, resources: undefined });
    expect(text).toContain("headgate keys create my-first-key");
  });
});

const facts = {
  proxy: "http://127.0.0.1:8080",
  admin: "http://127.0.0.1:8081",
  telemetry: "http://127.0.0.1:9090",
  adminTokenOrigin: ".headgate/admin-token",
};

function show(secret: string): string {
  const set = create(resources.ResourceSetSchema, {
    models: [{ name: "demo" }],
    keys: [{ name: "first", secret }],
  });
  return banner(memoryIo().stdout, { ...facts, resources: set });
}
