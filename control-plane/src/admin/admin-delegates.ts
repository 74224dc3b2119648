import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
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

/** For a control plane, or a test, that does without them. */
export const unimplementedDelegates: Omit<AdminDelegates, "nodes"> = {
  tokens: {
    createAdminToken: unimplemented,
    listAdminTokens: unimplemented,
    deleteAdminToken: unimplemented,
    whoAmI: unimplemented,
  },
  joining: {
    createJoinToken: unimplemented,
    listJoinTokens: unimplemented,
    deleteJoinToken: unimplemented,
    deleteNode: unimplemented,
  },
  status: {
    getStatus: unimplemented,
    getSecretsStatus: unimplemented,
    resealSecrets: unimplemented,
  },
};

function unimplemented(): never {
  throw new ConnectError("this control plane does not answer this call", Code.Unimplemented);
}
