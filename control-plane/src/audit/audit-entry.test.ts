import { create, toBinary } from "@bufbuild/protobuf";
import { admin, resources } from "@headgate/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  boundedChanges,
  deniedEntry,
  doneEntry,
  encodeAuditEntry,
  entryBytesMax,
} from "./audit-entry.ts";
import { auditEntryTimeMs, auditIdOf, auditKey, auditKeyBefore, auditPrefix } from "./audit-key.ts";

const source = {
  actor: "token alice",
  role: admin.Role.EDITOR,
  method: "Apply",
  address: "127.0.0.1",
  userAgent: "x".repeat(256),
};

function change(name: string, bytes: number, fields = 0): admin.Change {
  const team = create(resources.TeamSchema, { name, metadata: { managedBy: "x".repeat(bytes) } });
  return create(admin.ChangeSchema, {
    kind: "team",
    name,
    action: admin.ChangeAction.UPDATED,
    changedFields: Array.from(
      { length: fields },
      (_, n) => `deployments[${n}].price.output_per_mtok`,
    ),
    before: { resource: { case: "team", value: team } },
    after: { resource: { case: "team", value: team } },
  });
}

describe("an audit entry", () => {
  it("leaves out the resources of the largest change first, and no more than it must", () => {
    const kept = boundedChanges([change("a", 100), change("b", 5_000), change("c", 200)], 4_000);
    expect(kept.map(({ before, after }) => [Boolean(before), Boolean(after)])).toEqual([
      [true, true],
      [false, false],
      [true, true],
    ]);
    expect(kept.map(({ name, action }) => [name, action])).toEqual([
      ["a", admin.ChangeAction.UPDATED],
      ["b", admin.ChangeAction.UPDATED],
      ["c", admin.ChangeAction.UPDATED],
    ]);
  });

  it("leaves out paths where that is not enough", () => {
    const kept = boundedChanges([change("a", 10, 100), change("b", 10, 2)], 500);
    expect(kept.map(({ changedFields }) => changedFields.length)).toEqual([0, 2]);
  });

  it("fits its bound, whatever is changed", () => {
    const changes = fc.array(
      fc.record({
        bytes: fc.nat(300_000),
        fields: fc.nat(100),
        name: fc.string({ maxLength: 200 }),
      }),
      { maxLength: 125, size: "max" },
    );
    fc.assert(
      fc.property(changes, (list) => {
        const all = list.map(({ name, bytes, fields }) => change(name, bytes, fields));
        const entry = doneEntry(source, all);
        expect(encodeAuditEntry(entry).byteLength).toBeLessThanOrEqual(entryBytesMax);
        expect(entry.changes.map(({ name }) => name)).toEqual(all.map(({ name }) => name));
      }),
      { numRuns: 20 },
    );
  });

  it("is whole where there is room", () => {
    const changes = [change("a", 100, 3), change("b", 100_000)];
    expect(boundedChanges(changes, entryBytesMax)).toEqual(changes);
    expect(toBinary(admin.AuditEntrySchema, doneEntry(source, changes)).length).toBeGreaterThan(
      200_000,
    );
  });

  it("of a refusal has its reason, up to a length", () => {
    const entry = deniedEntry(source, "y".repeat(5_000));
    expect(entry.outcome).toBe(admin.AuditOutcome.DENIED);
    expect(entry.message).toHaveLength(1024);
  });
});

describe("the key of an audit entry", () => {
  it("tells its time, and sorts the newest first", () => {
    const times = fc.integer({ min: 0, max: 9_999_999_999_999 });
    const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(times, times, randoms, randoms, (a, b, x, y) => {
        const [one, other] = [auditKey(a, x), auditKey(b, y)];
        expect(auditEntryTimeMs(one)).toBe(a);
        expect(one).toMatch(/^\/audit\/\d{13}-[0-9a-f]{8}$/);
        if (a > b) expect(one < other).toBe(true);
        // Behind the bound are exactly the entries before that time.
        expect(one > auditKeyBefore(b)).toBe(a < b);
      }),
    );
  });

  it.each(["/audit/", "/audit/123-00000000", "/audits/1234567890123-00000000", "/resources/x"])(
    "is not %s",
    (key) => {
      expect(auditEntryTimeMs(key)).toBeUndefined();
    },
  );

  it("is its id behind the prefix", () => {
    expect(auditIdOf(auditKey(1_750_000_000_000, 0))).toBe("8249999999999-00000000");
    expect(auditPrefix).toBe("/audit/");
  });
});
