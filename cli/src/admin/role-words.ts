import { admin } from "@headgate/proto";

export const roleNames = ["admin", "editor", "viewer", "team"] as const;

export type RoleName = (typeof roleNames)[number];

const roles: Readonly<Record<RoleName, admin.Role>> = {
  admin: admin.Role.ADMIN,
  editor: admin.Role.EDITOR,
  viewer: admin.Role.VIEWER,
  team: admin.Role.TEAM,
};

export function roleFrom(name: RoleName): admin.Role {
  return roles[name];
}

export function roleWord(role: admin.Role): string {
  return roleNames.find((name) => roles[name] === role) ?? "unknown";
}
