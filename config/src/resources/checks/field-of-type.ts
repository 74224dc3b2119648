import { resources } from "@headgate/proto";
import { enumWord } from "../enum-words.ts";

/** Reports a problem at a path within the resource. */
export type AddIssue = (path: readonly (string | number)[], message: string) => void;

const { ProviderType } = resources;

/** Types that take calls in OpenAI's dialect as they are. */
const openAiDialect = [
  ProviderType.OPENAI,
  ProviderType.AZURE,
  ProviderType.GROQ,
  ProviderType.VLLM,
  ProviderType.TGI,
  ProviderType.OPENAI_COMPATIBLE,
] as const;

/** Fields that mean something to some types only. */
const typesOfField = {
  organization: [ProviderType.OPENAI],
  project: [ProviderType.OPENAI, ProviderType.VERTEX],
  apiVersion: [ProviderType.AZURE],
  anthropicVersion: [ProviderType.ANTHROPIC],
  location: [ProviderType.VERTEX],
  serviceAccountFile: [ProviderType.VERTEX],
  awsRegion: [ProviderType.BEDROCK],
  keepAlive: [ProviderType.OLLAMA],
  responses: openAiDialect,
} as const satisfies Partial<Record<keyof resources.Provider, readonly resources.ProviderType[]>>;

type FieldOfType = keyof typeof typesOfField;

/** Better refused than ignored: a field in the wrong place is a mistake somewhere. */
export function refuseFieldsOfOtherTypes(
  provider: { readonly type: number } & { readonly [K in FieldOfType]?: unknown },
  add: AddIssue,
): void {
  for (const [field, types] of Object.entries(typesOfField)) {
    const value = provider[field as FieldOfType];
    const isSet = value !== undefined && value !== "";
    if (!isSet || types.some((type) => type === provider.type)) continue;
    add([field], `is for type ${listOf(types)} only, remove it`);
  }
}

function listOf(types: readonly resources.ProviderType[]): string {
  const words = types.map((type) => enumWord(resources.ProviderTypeSchema, type) ?? "");
  const last = words.pop() ?? "";
  return words.length === 0 ? last : `${words.join(", ")} or ${last}`;
}
