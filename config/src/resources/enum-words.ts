import type { DescEnum } from "@bufbuild/protobuf";

/** Words that are not simply the lower-case name without its prefix. */
const spelling: ReadonlyMap<string, string> = new Map([
  ["PROVIDER_TYPE_OPENAI_COMPATIBLE", "openai-compatible"],
]);

/** `STRATEGY_LEAST_BUSY` as `least_busy`; undefined for UNSPECIFIED and for unknown numbers. */
export function enumWord(schema: DescEnum, value: number): string | undefined {
  const found = schema.value[value];
  return found === undefined || value === 0 ? undefined : wordOf(schema, found.name);
}

/** The value a word stands for. */
export function enumFromWord(schema: DescEnum, word: string): number | undefined {
  return schema.values.find((value) => value.number !== 0 && wordOf(schema, value.name) === word)
    ?.number;
}

/** Every word, in the order of the proto file. */
export function enumWords(schema: DescEnum): readonly string[] {
  return schema.values
    .filter((value) => value.number !== 0)
    .map((value) => wordOf(schema, value.name));
}

function wordOf(schema: DescEnum, name: string): string {
  return spelling.get(name) ?? name.slice(schema.sharedPrefix?.length ?? 0).toLowerCase();
}
