import { StringDecoder } from "node:string_decoder";

/** Cuts newline-delimited JSON into its lines, however the network split it. */
export class NdjsonLines {
  readonly #decoder = new StringDecoder("utf8");
  #pieces: string[] = [];
  #held = 0;
  #broken = false;

  /** A line was too long to be one. Nothing more will come. */
  get broken(): boolean {
    return this.#broken;
  }

  push(chunk: Buffer): readonly string[] {
    return this.#take(this.#decoder.write(chunk));
  }

  /** The stream ended: a last line may lack its end. */
  end(): readonly string[] {
    return this.#take(`${this.#decoder.end()}\n`);
  }

  #take(text: string): readonly string[] {
    if (this.#broken) return [];
    // What comes byte by byte is not joined time and again.
    if (!text.includes("\n")) {
      this.#held += text.length;
      this.#pieces.push(text);
      if (this.#held > lineLengthMax) this.#broken = true;
      return [];
    }
    const lines = (this.#pieces.join("") + text).split("\n");
    const rest = lines.pop() ?? "";
    this.#pieces = [rest];
    this.#held = rest.length;
    return lines.filter((line) => line.trim() !== "");
  }
}

/** Characters. */
const lineLengthMax = 16 * 1024 * 1024;
