/** A name as one token of a bus subject, which may hold fewer characters than names may. */
export function subjectToken(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_-]/g, "_").slice(0, 64) || "_";
}
