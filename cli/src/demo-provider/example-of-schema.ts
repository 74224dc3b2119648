/** An example has at most this many values; the rest is null. Bounds schemas that contain themselves. */
const valuesMax = 1000;

/** Schemas nested deeper than this get null. */
const depthMax = 16;

/** The parts of JSON Schema that structured outputs use. */
interface Schema {
  readonly type?: unknown;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly items?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly unknown[];
  readonly $ref?: unknown;
  readonly $defs?: Readonly<Record<string, unknown>>;
  readonly minItems?: number;
}

interface Walk {
  readonly definitions: Readonly<Record<string, unknown>>;
  valuesLeft: number;
}

/** The plainest value that a JSON schema of the kind used for structured outputs allows. */
export function exampleOf(schema: unknown): unknown {
  const definitions = isSchema(schema) ? (schema.$defs ?? {}) : {};
  return example(schema, { definitions, valuesLeft: valuesMax }, 0);
}

function example(schema: unknown, walk: Walk, depth: number): unknown {
  walk.valuesLeft -= 1;
  if (!isSchema(schema) || depth > depthMax || walk.valuesLeft < 0) return null;
  const inner = (next: unknown): unknown => example(next, walk, depth + 1);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0] ?? null;
  if (schema.anyOf !== undefined) return inner(schema.anyOf[0]);
  if (typeof schema.$ref === "string") {
    return inner(walk.definitions[schema.$ref.replace("#/$defs/", "")]);
  }
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case "object": {
      const properties = Object.entries(schema.properties ?? {});
      return Object.fromEntries(properties.map(([name, property]) => [name, inner(property)]));
    }
    case "array":
      return Array.from({ length: Math.min(schema.minItems ?? 0, 16) }, () => inner(schema.items));
    case "string":
      return "demo";
    case "number":
    case "integer":
      return 1;
    case "boolean":
      return true;
    default:
      return null;
  }
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null;
}
