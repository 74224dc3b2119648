/** What a process does when its configuration does not say, and why. */
export const processDefaults = {
  controlPlane: {
    // Loopback: who may reach the admin API and discovery is the operator's decision.
    adminAddress: "127.0.0.1:8081",
    grpcAddress: "127.0.0.1:18000",
    dataDir: "./state-cp",
    /** Within the data directory. */
    storeFile: "headgate.db",
  },
  dataPlane: {
    // All interfaces: it is there to be called, and every call needs a key.
    proxyAddress: "0.0.0.0:8080",
    // Loopback: metrics name teams and models.
    telemetryAddress: "127.0.0.1:9090",
    stateDir: "./state",
    // Images in base64 fit; a hundred at once are no danger to 4 GiB.
    bodyMaxBytes: 32 * 1024 * 1024,
    // Most streams end within a minute; what orchestrators grant is rarely more.
    drainTimeoutMs: 60_000,
  },
  logLevel: "info",
} as const;
