import { type Bus, type Message, type Subscription, subjectToken } from "@headgate/bus";
import type { Clock } from "@headgate/core";
import type { Logger } from "pino";
import type { HeldOfBuild } from "./builds.ts";
import { decodeHeldMessage, encodeHeldMessages } from "./held-message.ts";

export interface HeldSharingOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly replica: { readonly name: string; readonly region: string };
  /** Another replica holds this back. */
  readonly onHeld: (held: HeldOfBuild) => void;
  /** All that this replica holds back now. */
  readonly held: () => Iterable<HeldOfBuild>;
}

/** For replicas that started since. What one holds back is a matter of minutes or hours. */
const repeatEveryMs = 30_000;
const pendingMax = 1_000;

/**
 * Replicas tell each other what nodes of a build have refused, so that one refusal is enough for all.
 * Lost messages cost one more refusal; without the bus each replica finds out by its own canaries.
 */
export class HeldSharing {
  readonly #options: HeldSharingOptions;
  readonly #subject: string;
  readonly #from: string;
  readonly #subscription: Subscription;
  readonly #timer: Disposable;

  constructor(options: HeldSharingOptions) {
    const { bus, clock, replica } = options;
    this.#options = options;
    this.#from = `${replica.region}/${replica.name}`;
    this.#subject = `ctl.held.${subjectToken(replica.region)}`;
    this.#subscription = bus.subscribe("ctl.held.*", (message) => this.#receive(message), {
      pendingMax,
    });
    this.#timer = clock.every(repeatEveryMs, () => this.tell([...options.held()]));
  }

  tell(held: readonly HeldOfBuild[]): void {
    for (const bytes of encodeHeldMessages(this.#from, held)) {
      try {
        this.#options.bus.publish(this.#subject, bytes);
      } catch (err) {
        this.#options.logger.debug(
          { err },
          "the other replicas could not be told what is held back",
        );
      }
    }
  }

  async stop(): Promise<void> {
    this.#timer[Symbol.dispose]();
    await this.#subscription[Symbol.asyncDispose]();
  }

  #receive({ data, subject }: Message): void {
    try {
      const { from, held } = decodeHeldMessage(data);
      if (from === this.#from) return;
      for (const one of held) this.#options.onHeld(one);
    } catch (err) {
      this.#options.logger.warn({ err, subject }, "what another replica holds back can't be read");
    }
  }
}
