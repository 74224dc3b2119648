/**
 * A key of a mapping as problems show it: whole if it can be somebody's spelling of one of ours,
 * else its beginning. `secret:sk-...`, the space forgotten, is all key to YAML and a secret to its owner.
 */
export function shownKey(key: string): string {
  if (/^(?:[A-Za-z_ ]{1,32}|[\w.+<-]{1,12})$/.test(key)) return key;
  const beginning = /^[A-Za-z_]{1,32}(?=:)/.exec(key)?.[0] ?? key.slice(0, 4);
  return `${beginning}...`;
}
