/** A place to write text to, such as standard output. */
export interface Output {
  /** Text is coloured only for terminals, and never with NO_COLOR. */
  readonly hasColors: boolean;
  readonly isTerminal: boolean;
  write(text: string): void;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Everything a command knows of the world it was started in. */
export interface Io {
  readonly env: Environment;
  readonly stdout: Output;
  readonly stderr: Output;
  readStdin(): Promise<string>;
  /** Aborts at the first SIGINT or SIGTERM. From then on a second one ends the process at once. */
  stopSignal(): AbortSignal;
}

export type Style = "bold" | "dim" | "red" | "yellow" | "green";
