import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Problem } from "@headgate/config";
import type { admin } from "@headgate/proto";
import { knownRole, roleWords } from "./role-words.ts";

/** As names of resources are, but shorter: it is in every audit entry. */
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,62}$/;

/** What is wrong with what an administrator asks for, all of it. */
export function checkAdminToken(
  wanted: admin.AdminToken | undefined,
  nowMs: number,
): readonly Problem[] {
  if (!wanted) return [{ path: "admin_token", message: "is missing" }];
  const { name, role, team, expireTime } = wanted;
  const problems: Problem[] = [];
  const report = (field: string, message: string) =>
    problems.push({ path: `admin_token.${field}`, message });
  if (!namePattern.test(name)) {
    report("name", "use 1 to 63 letters, digits and . _ : @ / -, beginning with a letter or digit");
  }
  const known = knownRole(role);
  if (known === undefined) {
    report("role", `is missing: give one of ${Object.keys(roleWords).join(", ")}`);
  }
  if (known === roleWords.team && team === "") {
    report("team", "is missing: the role team is for one team's keys");
  }
  if (known !== undefined && known !== roleWords.team && team !== "") {
    report("team", "only the role team has one: remove it, or choose that role");
  }
  if (expireTime && timestampMs(expireTime) <= nowMs) {
    report("expire_time", "is in the past: give a later one, or none");
  }
  return problems;
}
