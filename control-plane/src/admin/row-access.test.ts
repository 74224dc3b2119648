import { create } from "@bufbuild/protobuf";
import { admin, resources } from "@headgate/proto";
import { describe, expect, it } from "vitest";
import { mayRead, readsAll, whyNotEverything, whyNotWrite } from "./row-access.ts";

const { ADMIN, EDITOR, VIEWER, TEAM } = admin.Role;
const rows = {
  ownKey: { kind: "key", row: create(resources.KeySchema, { name: "k", team: "research" }) },
  otherKey: { kind: "key", row: create(resources.KeySchema, { name: "k", team: "sales" }) },
  keyOfNobody: { kind: "key", row: create(resources.KeySchema, { name: "k" }) },
  ownTeam: { kind: "team", row: create(resources.TeamSchema, { name: "research" }) },
  otherTeam: { kind: "team", row: create(resources.TeamSchema, { name: "sales" }) },
  model: { kind: "model", row: create(resources.ModelSchema, { name: "research" }) },
  provider: { kind: "provider", row: create(resources.ProviderSchema, { name: "research" }) },
  policy: { kind: "policy", row: create(resources.PolicySchema, { name: "default" }) },
} as const;
type Row = keyof typeof rows;

describe("row access", () => {
  const table: { row: Row; reads: boolean; writes: boolean }[] = [
    { row: "ownKey", reads: true, writes: true },
    { row: "otherKey", reads: false, writes: false },
    { row: "keyOfNobody", reads: false, writes: false },
    { row: "ownTeam", reads: true, writes: false },
    { row: "otherTeam", reads: false, writes: false },
    { row: "model", reads: true, writes: false },
    { row: "provider", reads: false, writes: false },
    { row: "policy", reads: false, writes: false },
  ];
  it.each(table)("of a team: $row, read $reads, write $writes", ({ row, reads, writes }) => {
    const caller = { role: TEAM, team: "research" };
    const { kind, row: resource } = rows[row];
    expect(mayRead(caller, kind, resource)).toBe(reads);
    expect(whyNotWrite(caller, kind, resource) === undefined).toBe(writes);
  });

  it.each([ADMIN, EDITOR, VIEWER])("of everybody else, role %s, is not bound", (role) => {
    for (const { kind, row } of Object.values(rows)) {
      expect(mayRead({ role }, kind, row)).toBe(true);
      expect(whyNotWrite({ role }, kind, row)).toBeUndefined();
    }
    expect(readsAll({ role })).toBe(true);
    expect(whyNotEverything({ role }, "Apply")).toBeUndefined();
  });

  it.each([{ team: "" }, {}])("of a team without a name is nothing: %j", (team) => {
    for (const row of ["ownKey", "otherKey", "keyOfNobody", "ownTeam"] as const) {
      const { kind, row: resource } = rows[row];
      expect(mayRead({ role: TEAM, ...team }, kind, resource)).toBe(false);
      expect(whyNotWrite({ role: TEAM, ...team }, kind, resource)).toBeDefined();
    }
  });

  it("says what would be right", () => {
    const caller = { role: TEAM, team: "research" };
    expect(whyNotWrite(caller, "model", undefined)).toMatch(/keys of team research, and no models/);
    expect(whyNotWrite(caller, "key", undefined)).toBeUndefined();
    expect(whyNotWrite(caller, "key", rows.otherKey.row)).toMatch(/give the key that team/);
    expect(whyNotEverything(caller, "Apply")).toMatch(/Apply is about more/);
    expect(readsAll(caller)).toBe(false);
  });
});
