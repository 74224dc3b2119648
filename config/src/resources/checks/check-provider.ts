import { resources } from "@headgate/proto";
import { z } from "zod";
import { enumWord } from "../enum-words.ts";
import { providerDefaults } from "../provider-defaults.ts";
import {
  atMost,
  headerWord,
  noLimitsYet,
  resourceName,
  unsetUntilHonoured,
  weight,
} from "./common.ts";

const { ProviderType, ProviderTypeSchema } = resources;

const served = [...providerDefaults.keys()].map((type) => enumWord(ProviderTypeSchema, type));

const type = z.number().refine((value) => providerDefaults.has(value), {
  error: ({ input }) => {
    const word = enumWord(ProviderTypeSchema, Number(input));
    const choice = `use one of ${served.join(", ")}`;
    return word === undefined
      ? `is missing: ${choice}`
      : `not honoured yet: type ${word}, ${choice}`;
  },
});

const credential = z.object({
  name: resourceName,
  apiKey: headerWord(8_192),
  apiKeyFile: z.literal("", {
    error: "a file is read by whoever loads the YAML: send its content as api_key",
  }),
  weight,
  limits: noLimitsYet,
});

/** What a provider says of itself. */
export const providerCheck = z
  .object({
    name: resourceName,
    type,
    baseUrl: z.string(),
    // A server that asks for no key may do without.
    credentials: atMost(credential, "credentials"),
    organization: headerWord(256),
    project: headerWord(256),
    apiVersion: unsetUntilHonoured("api_version"),
    anthropicVersion: unsetUntilHonoured("anthropic_version"),
    location: unsetUntilHonoured("location"),
    serviceAccountFile: unsetUntilHonoured("service_account_file"),
    awsRegion: unsetUntilHonoured("aws_region"),
    keepAlive: unsetUntilHonoured("keep_alive"),
  })
  .superRefine((provider, context) => {
    const add = (path: readonly (string | number)[], message: string) =>
      context.addIssue({ code: "custom", path: [...path], message });
    const urlProblem = baseUrlProblem(provider.type, provider.baseUrl);
    if (urlProblem !== undefined) add(["baseUrl"], urlProblem);
    if (provider.type !== ProviderType.OPENAI) {
      if (provider.organization) add(["organization"], "is for type openai only, remove it");
      if (provider.project) add(["project"], "is for type openai only, remove it");
    }
    if (provider.credentials.length === 0 && asksForKey(provider)) {
      add(["credentials"], "is missing: give at least one, with its api_key");
    }
    const weights = provider.credentials.map((one) => one.weight ?? 1);
    if (weights.length > 0 && weights.every((one) => one === 0)) {
      add(["credentials"], "every credential has weight 0, so none is used: give one a weight");
    }
  });

/** The vendor's own API, rather than a server that speaks its dialect. */
function asksForKey(provider: { readonly type: number; readonly baseUrl: string }): boolean {
  const vendors: readonly number[] = [ProviderType.OPENAI, ProviderType.GROQ];
  return provider.baseUrl === "" && vendors.includes(provider.type);
}

function baseUrlProblem(providerType: number, text: string): string | undefined {
  if (text === "") {
    const defaults = providerDefaults.get(providerType);
    if (!defaults || defaults.baseUrl !== undefined) return undefined;
    return 'is missing: give the URL of the server with its /v1, such as "http://127.0.0.1:8000/v1"';
  }
  if (!/^https?:\/\/[^\s]+$/i.test(text) || !URL.canParse(text)) {
    return 'is not an absolute http or https URL, such as "https://api.example.com/v1"';
  }
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") {
    return "holds a user or password: give secrets as api_key";
  }
  if (/[?#]/.test(text)) return "has a query or fragment: a base URL ends with its path";
  return undefined;
}
