import { assertName } from "../check-arguments.ts";

/**
 * Where our subjects are among those of NATS. Published and kept ones are apart, so that what is
 * published never lands in a stream, and a subscription to ">" sees neither streams nor inboxes:
 *
 *   publish("load.eu")         headgate.core.load.eu
 *   append("usage.eu")         headgate.kept.usage.eu    in stream headgate-USAGE
 */
export class NatsSubjects {
  readonly #prefix: string;

  /** @throws RangeError */
  constructor(prefix: string) {
    assertName("prefix", prefix);
    this.#prefix = prefix;
  }

  core(subject: string): string {
    return `${this.#prefix}.core.${subject}`;
  }

  kept(subject: string): string {
    return `${this.#prefix}.kept.${subject}`;
  }

  /** Of either kind. */
  ours(subject: string): string {
    return subject.slice(this.#prefix.length + ".core.".length);
  }

  stream(name: string): string {
    return `${this.#prefix}-${name}`;
  }
}
