import { describe, expect, it } from "vitest";
import { unreachableHint } from "./unreachable-hint.ts";

describe("unreachableHint()", () => {
  it.each([
    { code: "SELF_SIGNED_CERT_IN_CHAIN", says: /NODE_EXTRA_CA_CERTS/ },
    { code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE", says: /NODE_EXTRA_CA_CERTS/ },
    { code: "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", says: /NODE_EXTRA_CA_CERTS/ },
    { code: "CERT_HAS_EXPIRED", says: /not trusted/ },
    { code: "ERR_TLS_CERT_ALTNAME_INVALID", says: /the host must be one/ },
    { code: "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL", says: /admin port, 8081/ },
    { code: "ERR_SSL_WRONG_VERSION_NUMBER", says: /use http:/ },
    { code: "ECONNREFUSED", says: /is `headgate up` running/ },
    { code: "UND_ERR_SOCKET", says: /is `headgate up` running/ },
  ])("knows $code of a server over TLS", ({ code, says }) => {
    expect(unreachableHint("https://h:8081", code)).toMatch(says);
  });

  it("suspects TLS where a server without it hangs up", () => {
    expect(unreachableHint("http://h:8081", "UND_ERR_SOCKET")).toMatch(/use https:/);
  });
});
