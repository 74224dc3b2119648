import { resources } from "@headgate/proto";
import { stringify } from "yaml";
import { toPlain } from "./plain.ts";

/** The set as a YAML file that loadResourceSet() reads back as the same set. */
export function formatResourceSet(set: resources.ResourceSet): string {
  const plain = toPlain(resources.ResourceSetSchema, set);
  return stringify(withoutVariables(plain), { lineWidth: 0, aliasDuplicateObjects: false });
}

/** A text that happens to hold `${` must not be taken for a variable. */
function withoutVariables(value: unknown): unknown {
  if (typeof value === "string") {
    // A function, since in a replacement text "$$" means "$".
    return value.replaceAll("${", () => "$${");
  }
  if (Array.isArray(value)) return value.map(withoutVariables);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [key, withoutVariables(child)]),
  );
}
