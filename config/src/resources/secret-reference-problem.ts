import { isJsonField } from "../secrets/sources/json-field.ts";
import type { HttpReference, SecretReference } from "../secrets/sources/secret-source.ts";

const argumentsMaxCount = 100;
const headersMaxCount = 20;
const textMaxLength = 4_096;

/** What is wrong with a reference to a secret, if anything. Shows none of its texts: they may hold a token. */
export function secretReferenceProblem(reference: SecretReference): string | undefined {
  const { env, file, command, http } = reference;
  const given = [env !== "", file !== "", command.length > 0, http !== undefined];
  if (given.filter(Boolean).length !== 1) {
    return "give exactly one of env: NAME, file: PATH, command: [PROGRAM, ARGUMENT], http: {url: URL}";
  }
  if (env !== "" && !/^[A-Za-z_][A-Za-z0-9_]{0,254}$/.test(env)) {
    return "env takes the name of an environment variable, such as OPENAI_API_KEY";
  }
  if (file.includes("\0") || file.length > textMaxLength) return "file is not a path";
  return command.length > 0 ? commandProblem(command) : http ? httpProblem(http) : undefined;
}

function commandProblem(command: readonly string[]): string | undefined {
  if (command[0] === "") return "command begins with a program: its name is empty";
  if (command.length > argumentsMaxCount) {
    return `command has too many arguments: at most ${argumentsMaxCount}`;
  }
  if (command.some((one) => one.includes("\0"))) return "command has a zero byte";
  const tooLong = command.some((one) => one.length > textMaxLength);
  return tooLong ? `command has an argument of over ${textMaxLength} characters` : undefined;
}

function httpProblem({ url, headers, field }: HttpReference): string | undefined {
  const hint = 'such as "https://vault.example.com/v1/secret/data/openai"';
  if (!/^https?:\/\/[^\s]+$/i.test(url) || !URL.canParse(url) || url.length > textMaxLength) {
    return `http.url is not an absolute http or https URL, ${hint}`;
  }
  const { username, password } = new URL(url);
  if (username !== "" || password !== "") {
    return "http.url holds a user or password: send a header, such as authorization";
  }
  if (field !== "" && !isJsonField(field)) {
    return 'http.field is no path: give one such as "data.key" or "/data/key"';
  }
  return headersProblem(Object.entries(headers));
}

function headersProblem(headers: readonly (readonly [string, string])[]): string | undefined {
  if (headers.length > headersMaxCount) {
    return `http.headers has too many: at most ${headersMaxCount}`;
  }
  // RFC 9110, sections 5.1 and 5.5.
  if (headers.some(([name]) => !/^[\w!#$%&'*+.^`|~-]{1,128}$/.test(name))) {
    return "http.headers has a name that no header can have";
  }
  if (headers.some(([, value]) => !/^[\t\x20-\x7e]*$/.test(value))) {
    return "http.headers has a value with a character that no header can carry";
  }
  return headers.some(([, value]) => value.length > 2 * textMaxLength)
    ? "http.headers has a value that is too long"
    : undefined;
}
