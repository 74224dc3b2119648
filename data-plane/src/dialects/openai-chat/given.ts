/** A member if there is a value for it: `exactOptionalPropertyTypes` does not take undefined. */
export function given<K extends string, T>(
  name: K,
  value: T | undefined,
): { readonly [P in K]?: T } {
  const member: { [P in K]?: T } = {};
  if (value !== undefined) member[name] = value;
  return member;
}
