import { admin } from "@headgate/proto";

/** As settings and messages have roles; from the one that may do most to the one that may do least. */
export const roleWords = {
  admin: admin.Role.ADMIN,
  editor: admin.Role.EDITOR,
  viewer: admin.Role.VIEWER,
  team: admin.Role.TEAM,
} as const;

export type RoleWord = keyof typeof roleWords;

/** A role that somebody has: neither ROLE_UNSPECIFIED nor a number that is no role. */
export type KnownRole = (typeof roleWords)[RoleWord];

/** `viewer` for ROLE_VIEWER. */
export function roleWord(role: KnownRole): RoleWord {
  for (const [word, known] of Object.entries(roleWords)) {
    if (known === role) return word as RoleWord; // Object.entries() forgets the names.
  }
  throw new RangeError(`there is no role ${role}`);
}

export function knownRole(role: number): KnownRole | undefined {
  return Object.values(roleWords).find((known) => known === role);
}
