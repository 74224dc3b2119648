/**
 * In `{join_token: ${JOIN_TOKEN}}` YAML takes the braces of the variable for its own. So before
 * parsing, what could mean something to YAML inside `${...}` is moved to a private-use character,
 * one for one, which keeps every offset; and moved back in whatever was parsed.
 */
const privateUseStart = 0xe100;
const asciiEnd = 0x80;

/** Quotes and backslashes are left alone: they belong to the quoted text around the variable. */
const variable = /\$\{[^{}"'\\\r\n]*\}/g;
const masked = /[\ue100-\ue17f]/g;

export function maskVariables(text: string): string {
  // A text that uses these characters itself goes by YAML's own rules.
  if (text.search(masked) >= 0) return text;
  return text.replaceAll(variable, (found) => `$${moveAway(found.slice(1))}`);
}

/** The inverse, for texts, keys and the parser's messages. */
export function unmask(text: string): string {
  return text.replaceAll(masked, (character) =>
    String.fromCharCode(character.charCodeAt(0) - privateUseStart),
  );
}

function moveAway(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9_]/g, (character) => {
    const code = character.charCodeAt(0);
    return code < asciiEnd ? String.fromCharCode(privateUseStart + code) : character;
  });
}
