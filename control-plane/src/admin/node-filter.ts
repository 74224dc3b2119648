import { enumWord, enumWords } from "@headgate/config";
import { admin } from "@headgate/proto";
import { invalidArgument } from "./admin-errors.ts";
import { type FilterFields, type FilterValue, parseFilter } from "./filter.ts";

const fields: FilterFields = {
  name: "text",
  region: "text",
  build: "text",
  state: enumWords(admin.NodeStateSchema),
  replica: "text",
};

/** @throws ConnectError INVALID_ARGUMENT saying where the filter is wrong, and what there is. */
export function nodeFilter(text: string): (node: admin.Node) => boolean {
  const parsed = parseFilter(text, fields);
  if (!parsed.ok) throw invalidArgument(`filter ${parsed.problem}`);
  return ({ name, region, build, state, replica }) => {
    const word = enumWord(admin.NodeStateSchema, state) ?? "";
    const values: Readonly<Record<string, FilterValue>> = {
      name,
      region,
      build,
      state: word,
      replica,
    };
    return parsed.filter((field) => values[field] ?? "");
  };
}
