import { createConnectTransport } from "@connectrpc/connect-node";
import { type AdminClient, adminClientOver } from "@headgate/sdk";
import type { Authority, RunningControlPlane } from "@headgate/testing";

/** The SDK with the root token, where the server's certificate is of an authority that nobody knows. */
export function trustingClient(
  { adminUrl, adminToken }: Pick<RunningControlPlane, "adminUrl" | "adminToken">,
  { ca }: Pick<Authority, "ca">,
): AdminClient {
  return adminClientOver(
    createConnectTransport({
      baseUrl: adminUrl,
      httpVersion: "1.1",
      nodeOptions: { ca },
      interceptors: [
        (next) => (request) => {
          request.header.set("authorization", `Bearer ${adminToken}`);
          return next(request);
        },
      ],
    }),
  );
}
