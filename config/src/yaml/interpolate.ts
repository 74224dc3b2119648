/** Variables of the environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

export type Interpolation =
  | {
      readonly ok: true;
      readonly text: string;
      readonly interpolated: boolean;
      readonly emptyVariable?: string | undefined;
    }
  | { readonly ok: false; readonly messages: readonly string[] };

type Replacement =
  | { readonly text: string; readonly emptyVariable?: string }
  | { readonly message: string };

/**
 * `${NAME}` and `${NAME:-default}` (also when NAME is empty) from the environment; `$${` is a
 * literal `${`. A variable that is not there and has no default is a problem, never an empty text.
 */
export function interpolate(source: string, environment: Environment): Interpolation {
  if (!source.includes("${")) return { ok: true, text: source, interpolated: false };
  const messages: string[] = [];
  let emptyVariable: string | undefined;
  let interpolated = false;
  const text = source.replaceAll(/\$\$\{|\$\{([^}]*)\}|\$\{/g, (found, body?: string) => {
    if (found === "$${") return found.slice(1);
    const replacement = replacementOf(body, environment);
    interpolated = true;
    if ("message" in replacement) {
      messages.push(replacement.message);
      return "";
    }
    emptyVariable = replacement.emptyVariable ?? emptyVariable;
    return replacement.text;
  });
  if (messages.length > 0) return { ok: false, messages };
  return { ok: true, text, interpolated, emptyVariable: text === "" ? emptyVariable : undefined };
}

function replacementOf(body: string | undefined, environment: Environment): Replacement {
  const parts = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s.exec(body ?? "");
  const name = parts?.[1];
  if (name === undefined || body?.includes("${")) {
    const dollar = "$";
    const right = `write ${dollar}{NAME} or ${dollar}{NAME:-default}`;
    return { message: `${right}; for a literal ${dollar}{ write $${dollar}{` };
  }
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
  if (value) return { text: value };
  const fallback = parts?.[2];
  if (fallback === "") return { text: "", emptyVariable: name };
  if (fallback !== undefined) return { text: fallback };
  const state = value === undefined ? "is not set" : "is empty";
  return {
    message: `environment variable ${name} ${state}: set it, or give a default with \${${name}:-default}`,
  };
}
