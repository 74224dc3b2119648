import type { ServiceImpl } from "@connectrpc/connect";
import type { admin } from "@headgate/proto";

type AdminCalls = ServiceImpl<typeof admin.AdminService>;

/** The calls of AdminService that are answered elsewhere: not about resources and their log. */
export interface AdminDelegates {
  /** Who may call. */
  readonly tokens: Pick<
    AdminCalls,
    "createAdminToken" | "listAdminTokens" | "deleteAdminToken" | "whoAmI"
  >;
  /** Which nodes may join. */
  readonly joining: Pick<
    AdminCalls,
    "createJoinToken" | "listJoinTokens" | "deleteJoinToken" | "deleteNode"
  >;
  /** The control plane itself. */
  readonly status: Pick<AdminCalls, "getStatus" | "getSecretsStatus" | "resealSecrets">;
  readonly nodes: Pick<AdminCalls, "listNodes">;
}
