import type { LoadResourceSetResult } from "@headgate/config";
import type { Logger } from "pino";
import { type DemoProvider, startDemoProvider } from "../demo-provider/demo-provider.ts";
import type { Environment } from "../io.ts";
import { loadResources } from "../load-resources.ts";

/** A file that mentions this variable gets a demo provider if the environment does not have it. */
const demoVariable = "HEADGATE_DEMO_URL";

export interface ResourceFileLoaderOptions {
  readonly path: string;
  readonly env: Environment;
  readonly logger: Logger;
  /** Ends the reading of secrets. */
  readonly signal: AbortSignal;
}

/**
 * Reads texts of one file against the environment, the secret sources it names and, if a text asks
 * for it, a demo provider.
 */
export class ResourceFileLoader {
  readonly #options: ResourceFileLoaderOptions;
  #demo: DemoProvider | undefined;

  constructor(options: ResourceFileLoaderOptions) {
    this.#options = options;
  }

  async load(text: string): Promise<LoadResourceSetResult> {
    const { path, logger, signal } = this.#options;
    const env = await this.#environmentFor(text);
    const loaded = await loadResources({ file: path, text }, { env, signal });
    if (!loaded.ok) return loaded;
    for (const notice of loaded.notices)
      logger.info({ event: "config-notice", file: path }, notice);
    return loaded;
  }

  async stop(): Promise<void> {
    await this.#demo?.stop();
  }

  async #environmentFor(text: string): Promise<Environment> {
    const { env, logger } = this.#options;
    if (!text.includes(demoVariable) || (env[demoVariable] ?? "") !== "") return env;
    if (this.#demo === undefined) {
      this.#demo = await startDemoProvider();
      logger.info({ event: "demo-provider", url: this.#demo.baseUrl }, "demo provider started");
    }
    return { ...env, [demoVariable]: this.#demo.baseUrl };
  }
}
