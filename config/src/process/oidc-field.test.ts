import { describe, expect, it } from "vitest";
import { z } from "zod";
import { formatProblem } from "../problem.ts";
import { loadProcessConfig } from "./load-process-config.ts";
import { oidcConfigFrom, oidcField } from "./oidc-field.ts";

const schema = z.strictObject({ oidc: oidcField });

function load(text: string) {
  return loadProcessConfig({ text, file: "c.yaml", env: {} }, schema);
}

const minimal =
  "{issuer: https://id.example.com, audience: hg, roles: [{value: platform, role: admin}]}";

describe("oidcField", () => {
  it("fills in defaults", () => {
    const result = load(`oidc: ${minimal}`);
    expect(result.ok && oidcConfigFrom(result.config.oidc)).toEqual({
      issuer: "https://id.example.com",
      audience: "hg",
      nameClaim: "email",
      roleClaim: "groups",
      roles: [{ value: "platform", role: "admin" }],
    });
  });

  it("may be absent", () => {
    const result = load("{}");
    expect(result.ok && oidcConfigFrom(result.config.oidc)).toBeUndefined();
  });

  it("takes everything there is", () => {
    const result = load(`
oidc:
  issuer: https://id.example.com/realms/one/
  audience: headgate
  name_claim: preferred_username
  role_claim: realm_access.roles
  roles:
    - {value: platform, role: editor}
    - {value: team-a, role: team, team: research}
`);
    expect(result.ok && oidcConfigFrom(result.config.oidc)).toEqual({
      issuer: "https://id.example.com/realms/one/",
      audience: "headgate",
      nameClaim: "preferred_username",
      roleClaim: "realm_access.roles",
      roles: [
        { value: "platform", role: "editor" },
        { value: "team-a", role: "team", team: "research" },
      ],
    });
  });

  const roles = "roles: [{value: a, role: admin}]";
  const issuerWords = "must be an https:// URL without ? and # (http:// only on this machine)";

  it.each([
    { name: "http to another machine", issuer: "http://id.example.com" },
    {
      name: "http to a name that only begins like this machine",
      issuer: "http://127.0.0.1.nip.io",
    },
    { name: "a query", issuer: "https://id.example.com/?x=1" },
    { name: "a password", issuer: "https://a:b@id.example.com" },
    { name: "no URL", issuer: "id.example.com" },
  ])("refuses an issuer with $name", ({ issuer }) => {
    const result = load(`oidc: {issuer: "${issuer}", audience: hg, ${roles}}`);
    expect(result.ok ? [] : result.problems.map(formatProblem)).toEqual([
      `c.yaml:1:16 oidc.issuer: ${issuerWords}`,
    ]);
  });

  it.each(["http://127.0.0.1:9000", "http://localhost:9000/x", "http://[::1]:9000"])(
    "takes the issuer %s of this machine",
    (issuer) => {
      expect(load(`oidc: {issuer: "${issuer}", audience: hg, ${roles}}`).ok).toBe(true);
    },
  );

  it.each([
    {
      name: "no roles",
      text: "oidc: {issuer: https://i.example, audience: hg, roles: []}",
      lines: ["c.yaml:1:56 oidc.roles: is empty: without a role nobody may do anything"],
    },
    {
      name: "a role that there is not",
      text: "oidc: {issuer: https://i.example, audience: hg, roles: [{value: a, role: root}]}",
      lines: ["c.yaml:1:74 oidc.roles[0].role: must be one of admin, editor, viewer, team"],
    },
    {
      name: "team without a team",
      text: "oidc: {issuer: https://i.example, audience: hg, roles: [{value: a, role: team}]}",
      lines: ["c.yaml:1:57 oidc.roles[0]: has no team: the role team is for one team's keys"],
    },
    {
      name: "a team without its role",
      text: "oidc: {issuer: https://i.example, audience: hg, roles: [{value: a, role: admin, team: t}]}",
      lines: ["c.yaml:1:57 oidc.roles[0]: has a team: only the role team has one"],
    },
    {
      name: "an unknown key",
      text: `oidc: {issuer: https://i.example, audiense: hg, audience: hg, ${roles}}`,
      lines: [
        'c.yaml:1:35 oidc.audiense: unknown key "audiense" (did you mean "audience"?): ' +
          "known are issuer, audience, name_claim, role_claim, roles",
      ],
    },
  ])("reports $name", ({ text, lines }) => {
    const result = load(text);
    expect(result.ok ? [] : result.problems.map(formatProblem)).toEqual(lines);
  });
});
