import { enumWord, enumWords } from "@headgate/config";
import { admin } from "@headgate/proto";
import { invalidArgument } from "../admin/admin-errors.ts";
import { type FilterFields, type FilterValue, parseFilter } from "../admin/filter.ts";

const fields: FilterFields = {
  actor: "text",
  role: enumWords(admin.RoleSchema),
  method: "text",
  address: "text",
  outcome: enumWords(admin.AuditOutcomeSchema),
  kind: "text",
  name: "text",
};

/**
 * `kind` and `name` are those of any of an entry's changes.
 *
 * @throws ConnectError INVALID_ARGUMENT saying where the filter is wrong, and what there is.
 */
export function auditFilter(text: string): (entry: admin.AuditEntry) => boolean {
  const parsed = parseFilter(text, fields);
  if (!parsed.ok) throw invalidArgument(`filter ${parsed.problem}`);
  return ({ actor, role, method, address, outcome, changes }) => {
    const values: Readonly<Record<string, FilterValue>> = {
      actor,
      role: enumWord(admin.RoleSchema, role) ?? "",
      method,
      address,
      outcome: enumWord(admin.AuditOutcomeSchema, outcome) ?? "",
      kind: changes.map(({ kind }) => kind),
      name: changes.map(({ name }) => name),
    };
    return parsed.filter((field) => values[field] ?? "");
  };
}
