const hints: readonly (readonly [pattern: RegExp, scheme: RegExp, hint: string])[] = [
  [
    /certificate|altnames/i,
    /^https:/,
    "do control_plane.tls.ca, and the host of the endpoint, fit the control plane's certificate?",
  ],
  [
    /no application protocol/,
    /^https:/,
    "is this the control plane's grpc port (listen.grpc, by default 18000)?",
  ],
  [/wrong version number|packet length too long/, /^https:/, "has the port no TLS? Then http://"],
  [
    /error code CANCEL|PROTOCOL_ERROR|socket hang up|ECONNRESET/,
    /^http:/,
    "is this the control plane's grpc port (listen.grpc, by default 18000), and without TLS? With TLS, https://",
  ],
];

/** Connect's words for codes that our own control plane gives a reason with that needs no hint. */
const answered = /^\[(unauthenticated|permission_denied|invalid_argument|resource_exhausted)\]/;

/** What is likely wrong with an endpoint that fails like this, where the runtime's words do not say. */
export function connectionHint(reason: string, endpoint = ""): string | undefined {
  if (answered.test(reason)) return undefined;
  return hints.find(([pattern, scheme]) => pattern.test(reason) && scheme.test(endpoint))?.[2];
}
