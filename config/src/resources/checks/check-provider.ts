import { resources } from "@headgate/proto";
import { z } from "zod";
import { enumWord } from "../enum-words.ts";
import {
  bedrockRegion,
  providerDefaults,
  upstreamSettings,
  vendorHost,
} from "../provider-defaults.ts";
import { checkSecrets, credentialCheck } from "./check-credential.ts";
import { atMost, headerWord, resourceName } from "./common.ts";
import { type AddIssue, refuseFieldsOfOtherTypes } from "./field-of-type.ts";

const { ProviderType, ProviderTypeSchema } = resources;

const types = [...providerDefaults.keys()].map((type) => enumWord(ProviderTypeSchema, type));

const type = z.number().refine((value) => providerDefaults.has(value), {
  error: () => `is missing: use one of ${types.join(", ")}`,
});

const shape = z.object({
  name: resourceName,
  type,
  baseUrl: z.string(),
  // A server that asks for no key may do without.
  credentials: atMost(credentialCheck, "credentials"),
  organization: headerWord(256),
  project: headerWord(256),
  apiVersion: pattern(
    /^(v1|\d{4}-\d\d-\d\d(-preview)?)?$/,
    'is not a version: give a date such as "2024-10-21" or "2025-04-01-preview", or "v1"',
  ),
  anthropicVersion: headerWord(64),
  location: pattern(
    /^([a-z][a-z0-9-]{0,62})?$/,
    'is not a location: give one such as "europe-west1" or "global"',
  ),
  serviceAccountFile: z.string(),
  awsRegion: pattern(/^([a-z]{2,4}(-[a-z]+)+-\d)?$/, 'is not a region, such as "eu-central-1"'),
  // A Go duration, or seconds: https://docs.ollama.com/faq
  keepAlive: pattern(
    /^(-?(\d{1,9}|(\d{1,9}(\.\d{1,9})?(ns|us|ms|s|m|h))+))?$/,
    'is not a duration: give one such as "5m" or "1h30m", or "-1" for ever',
  ),
  responses: z.boolean().optional(),
});

type ProviderFields = z.output<typeof shape>;

/** What a provider says of itself. */
export const providerCheck = shape.superRefine((provider, context) => {
  const add: AddIssue = (path, message) =>
    context.addIssue({ code: "custom", path: [...path], message });
  refuseFieldsOfOtherTypes(provider, add);
  checkPlace(provider, add);
  for (const [index, credential] of provider.credentials.entries()) {
    checkSecrets(provider.type, credential, (path, message) =>
      add(["credentials", index, ...path], message),
    );
  }
  checkCredentials(provider, add);
});

function checkCredentials(provider: ProviderFields, add: AddIssue): void {
  if (provider.credentials.length === 0 && vendorHost(provider) !== undefined) {
    const choice = provider.type === ProviderType.VERTEX ? ", or a service_account_file" : "";
    add(["credentials"], `is missing: give at least one, with its api_key${choice}`);
  }
  const weights = provider.credentials.map((one) => one.weight ?? 1);
  if (weights.length > 0 && weights.every((one) => one === 0)) {
    add(["credentials"], "every credential has weight 0, so none is used: give one a weight");
  }
}

/** Where the calls go. */
function checkPlace(provider: ProviderFields, add: AddIssue): void {
  const urlProblem = baseUrlProblem(provider.type, provider.baseUrl);
  if (urlProblem !== undefined) add(["baseUrl"], urlProblem);
  else if (provider.type === ProviderType.VERTEX) checkVertexPlace(provider, add);
  else if (provider.type === ProviderType.BEDROCK) checkRegion(provider, add);
  if (provider.type === ProviderType.VERTEX && provider.serviceAccountFile !== "") {
    const choice = "send its content as the api_key of a credential";
    add(["serviceAccountFile"], `a file is read by whoever loads the YAML: ${choice}`);
  }
}

function checkVertexPlace(provider: ProviderFields, add: AddIssue): void {
  const isPlaced = provider.baseUrl !== "" || provider.location !== "";
  const { project, location } = isPlaced ? upstreamSettings(provider) : provider;
  if (project === "") add(["project"], "is missing: give the id of the Google Cloud project");
  else if (!/^[A-Za-z0-9][A-Za-z0-9.:_-]*$/.test(project)) {
    add(["project"], 'is not the id of a Google Cloud project, such as "my-project-1"');
  }
  if (location === "") {
    add(["location"], 'is missing: give the region, such as "europe-west1", or "global"');
  }
}

/** Without it there is neither an address nor a signature. */
function checkRegion(provider: ProviderFields, add: AddIssue): void {
  const signs = provider.credentials.some(({ accessKeyId }) => accessKeyId !== "");
  if (bedrockRegion(provider) !== "" || (provider.baseUrl !== "" && !signs)) return;
  add(["awsRegion"], 'is missing: give the AWS region, such as "eu-central-1"');
}

function baseUrlProblem(providerType: number, text: string): string | undefined {
  if (text === "") return missingUrl(providerType);
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

function missingUrl(providerType: number): string | undefined {
  switch (providerType) {
    case ProviderType.AZURE:
      return 'is missing: give the URL of the resource, such as "https://NAME.openai.azure.com"';
    case ProviderType.VLLM:
    case ProviderType.TGI:
    case ProviderType.OPENAI_COMPATIBLE:
      return 'is missing: give the URL of the server with its /v1, such as "http://127.0.0.1:8000/v1"';
    default:
      return undefined;
  }
}

function pattern(regex: RegExp, message: string) {
  return z.string().regex(regex, message);
}
