/** What a user may write. It is copied into a project that has the packed packages. */
import {
  type AdminClient,
  AlreadyExistsError,
  admin,
  createAdminClient,
  listAll,
  type resources,
  watchResources,
} from "@headgate/sdk";

const [server = "", token = ""] = process.argv.slice(2);
const client: AdminClient = createAdminClient({ server, token });

const created: resources.Team = await client.createTeam({ team: { name: "packed" } });
const names: string[] = [];
for await (const { name } of listAll(client, "team", { pageSize: 1 })) names.push(name);

const seen: string[] = [];
for await (const { events, synced } of watchResources(client, { kinds: ["team"] })) {
  for (const { action, name } of events) seen.push(`${wordOf(action)} ${name}`);
  if (synced) await client.deleteTeam({ name: "packed" });
  if (seen.includes("DELETED packed")) break;
}

const refused = await client.createTeam({ team: { name: "everyone" } }).catch((error) => error);
console.log(
  JSON.stringify({
    created: created.name,
    names,
    seen,
    refused: refused instanceof AlreadyExistsError,
  }),
);

function wordOf(action: admin.ResourceEvent["action"]): string {
  return action === admin.ChangeAction.DELETED ? "DELETED" : "CREATED";
}
