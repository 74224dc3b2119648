import { admin } from "@headgate/proto";
import { type KnownRole, roleWord } from "./role-words.ts";

type Method = keyof typeof admin.AdminService.method;

const { ADMIN, EDITOR, VIEWER, TEAM } = admin.Role;

const administrators: readonly KnownRole[] = [ADMIN];
const writers: readonly KnownRole[] = [ADMIN, EDITOR];
const readers: readonly KnownRole[] = [ADMIN, EDITOR, VIEWER];
/** A team's own, and no more: which rows those are is decided where they are read and written. */
const keyHolders: readonly KnownRole[] = [ADMIN, EDITOR, TEAM];
const everybody: readonly KnownRole[] = [ADMIN, EDITOR, VIEWER, TEAM];

/** Which roles may call what. A method that is not here is for administrators. */
export const rolesOfMethod = {
  createProvider: writers,
  getProvider: readers,
  listProviders: readers,
  updateProvider: writers,
  deleteProvider: writers,

  createModel: writers,
  getModel: everybody,
  listModels: everybody,
  updateModel: writers,
  deleteModel: writers,

  createTeam: writers,
  getTeam: everybody,
  listTeams: everybody,
  updateTeam: writers,
  deleteTeam: writers,

  createKey: keyHolders,
  getKey: everybody,
  listKeys: everybody,
  updateKey: keyHolders,
  deleteKey: keyHolders,
  rotateKey: keyHolders,
  revokeKey: keyHolders,

  createPolicy: writers,
  getPolicy: readers,
  listPolicies: readers,
  updatePolicy: writers,
  deletePolicy: writers,

  apply: writers,
  watchResources: everybody,

  listAuditEntries: administrators,
  watchAuditEntries: administrators,

  createAdminToken: administrators,
  listAdminTokens: administrators,
  deleteAdminToken: administrators,
  whoAmI: everybody,

  createJoinToken: administrators,
  listJoinTokens: administrators,
  deleteJoinToken: administrators,

  listNodes: readers,
  deleteNode: administrators,

  getStatus: readers,

  getSecretsStatus: administrators,
  resealSecrets: administrators,
} as const satisfies Partial<Record<Method, readonly KnownRole[]>>;

/** By the method's name in TypeScript, as `createKey`. */
export function rolesFor(localName: string): readonly KnownRole[] {
  return Object.hasOwn(rolesOfMethod, localName)
    ? rolesOfMethod[localName as keyof typeof rolesOfMethod] // It is a name of the table.
    : administrators;
}

/** Undefined: the role may call the method (`localName`, shown as `name`). */
export function forbiddenReason(
  role: KnownRole,
  { localName, name }: { readonly localName: string; readonly name: string },
): string | undefined {
  const roles = rolesFor(localName);
  if (roles.includes(role)) return undefined;
  const needed = roles.map(roleWord).join(" or ");
  return `the role ${roleWord(role)} may not call ${name}: that takes the role ${needed}`;
}
