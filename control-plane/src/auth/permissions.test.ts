import { admin } from "@headgate/proto";
import { describe, expect, it } from "vitest";
import { forbiddenReason, rolesFor, rolesOfMethod } from "./permissions.ts";
import { knownRole, roleWord } from "./role-words.ts";

const { ADMIN, EDITOR, VIEWER, TEAM } = admin.Role;
const methods = admin.AdminService.methods;

describe("rolesOfMethod", () => {
  it("forgets no method of AdminService, and names none that there is not", () => {
    const named = Object.keys(rolesOfMethod).sort();
    expect(named).toEqual(methods.map(({ localName }) => localName).sort());
  });

  it("lets administrators call everything", () => {
    for (const method of methods) expect(forbiddenReason(ADMIN, method)).toBeUndefined();
  });

  it.each([
    {
      role: EDITOR,
      may: /^(create|update|delete|get|list)(Provider|Model|Team|Key|Policy|Policies)s?$|^(rotateKey|revokeKey|apply|watchResources|listNodes|getStatus|whoAmI)$/,
    },
    {
      role: VIEWER,
      may: /^(get|list)(Provider|Model|Team|Key|Policy|Policies)s?$|^(watchResources|listNodes|getStatus|whoAmI)$/,
    },
    {
      role: TEAM,
      may: /^(create|update|delete|get|list)Keys?$|^(rotateKey|revokeKey|watchResources|whoAmI)$|^(get|list)(Model|Team)s?$/,
    },
  ])("lets role $role call that and no more", ({ role, may }) => {
    for (const method of methods) {
      const allowed = forbiddenReason(role, method) === undefined;
      expect(`${method.localName} ${allowed}`).toBe(
        `${method.localName} ${may.test(method.localName)}`,
      );
    }
  });

  it("keeps what it does not know for administrators", () => {
    for (const name of ["dropEverything", "toString", "__proto__", "constructor"]) {
      expect(rolesFor(name)).toEqual([ADMIN]);
    }
  });
});

describe("roles", () => {
  it("are words and numbers of the API", () => {
    expect([ADMIN, EDITOR, VIEWER, TEAM].map(roleWord)).toEqual([
      "admin",
      "editor",
      "viewer",
      "team",
    ]);
    expect([0, 1, 4, 5, -1, 1.5].map(knownRole)).toEqual([
      undefined,
      ADMIN,
      TEAM,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
