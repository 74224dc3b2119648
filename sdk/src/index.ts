/** The typed client of Headgate's admin API. */
export {
  type AdminClient,
  type AdminClientOptions,
  adminClientOver,
  createAdminClient,
} from "./admin-client.ts";
export type { ListAll, ListAllOptions, ListedKind, ListedResources } from "./list-all.ts";
