import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { controlPlaneSchema } from "./control-plane-config.ts";
import { dataPlaneSchema } from "./data-plane-config.ts";

const page = readFileSync(new URL("../../../docs/reference/settings.md", import.meta.url), "utf8");

describe.each([
  { file: "control-plane.yaml", schema: controlPlaneSchema },
  { file: "data-plane.yaml", schema: dataPlaneSchema },
])("docs/reference/settings.md on $file", ({ file, schema }) => {
  const settings = new Map(settingsOf(schema));
  const rows = rowsUnder(`## ${file}`);

  it("names every key there is, and no other, in the order of the schema", () => {
    expect(rows.map(({ key }) => key)).toEqual([...settings.keys()]);
  });

  it("says what is required", () => {
    const documented = rows.filter(({ standard }) => standard === "required");
    const required = [...settings].filter(([, setting]) => !setting.safeParse(undefined).success);
    expect(documented.map(({ key }) => key)).toEqual(required.map(([key]) => key));
  });

  it("has the defaults in force", () => {
    const documented = rows.flatMap(({ key, standard }) => {
      const [, value] = /^`([^`]+)`$/.exec(standard) ?? [];
      return value === undefined ? [] : [[key, settings.get(key)?.parse(value)]];
    });
    const inForce = [...settings].flatMap(([key, setting]) => {
      const { success, data } = setting.safeParse(undefined);
      return success && data !== undefined && key !== "bus.embedded" ? [[key, data]] : [];
    });
    expect(documented).toEqual(inForce);
  });
});

/** The keys that have a value, each with what it takes. */
function settingsOf(schema: z.ZodType, path = ""): [key: string, schema: z.ZodType][] {
  const inner = unwrapped(schema);
  const element = inner instanceof z.ZodArray ? inner.element : undefined;
  if (element instanceof z.ZodType && unwrapped(element) instanceof z.ZodObject) {
    return settingsOf(element, `${path}[]`);
  }
  if (!(inner instanceof z.ZodObject) || Object.keys(inner.shape).length === 0) {
    return [[path, schema]];
  }
  const prefix = path === "" ? "" : `${path}.`;
  return Object.entries(inner.shape).flatMap(([key, field]) =>
    settingsOf(field, `${prefix}${key}`),
  );
}

/** Without what makes it optional, and what is made of it. */
function unwrapped(schema: unknown): unknown {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault
  ) {
    return unwrapped(schema.unwrap());
  }
  return schema instanceof z.ZodPipe ? unwrapped(schema.in) : schema;
}

interface Row {
  readonly key: string;
  readonly standard: string;
}

function rowsUnder(heading: string): Row[] {
  const section = page.split(`\n${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  return section
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => {
      const [, key = "", , standard = ""] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
      return { key: key.replaceAll("`", ""), standard };
    });
}
