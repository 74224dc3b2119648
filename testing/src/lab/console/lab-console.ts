import { setTimeout as sleep } from "node:timers/promises";
import type { Lab } from "../lab.ts";
import { LabLoad, type LoadReport } from "../load/lab-load.ts";
import { loadLine, loadTable } from "./format-load.ts";
import { labMap } from "./map.ts";
import { type Command, helpText, parseCommand } from "./parse-command.ts";
import { labStatus } from "./status.ts";

/** A part that is started may need others to get ready: it is waited for this long, not for ever. */
const readyWithinMs = 10_000;
const loadLineEveryMs = 1_000;

/** Does what lines of text ask for, one after the other, and says what came of it. */
export class LabConsole implements AsyncDisposable {
  readonly #lab: Lab;
  readonly #write: (text: string) => void;
  readonly #ended = new AbortController();
  #load: LabLoad | undefined;
  #loadLines: NodeJS.Timeout | undefined;

  constructor(lab: Lab, write: (text: string) => void) {
    this.#lab = lab;
    this.#write = write;
  }

  /** Whether it was done, and whether there is more to come: not once it was disposed of. */
  async run(line: string): Promise<"done" | "failed" | "quit"> {
    const command = parseCommand(line);
    if (command.kind === "quit" || this.#ended.signal.aborted) return "quit";
    if (command.kind === "mistake") return this.#fail(command.message);
    try {
      await this.#do(command);
      return "done";
    } catch (error) {
      if (this.#ended.signal.aborted) return "quit";
      return this.#fail(error instanceof Error ? error.message : String(error));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    clearInterval(this.#loadLines);
    await this.#load?.[Symbol.asyncDispose]();
  }

  #fail(message: string): "failed" {
    this.#write(`${message}\n`);
    return "failed";
  }

  async #do(command: Exclude<Command, { kind: "quit" | "mistake" }>): Promise<void> {
    const lab = this.#lab;
    switch (command.kind) {
      case "nothing":
        return;
      case "help":
        return this.#write(helpText);
      case "map":
        return this.#write(labMap(lab));
      case "status":
        return this.#write(labMap(lab, await labStatus(lab)));
      case "cut":
        if (command.b === undefined) lab.isolate(command.a, { mode: command.cut.mode ?? "drop" });
        else lab.cut(command.a, command.b, command.cut);
        return this.#write(`cut ${command.a} from ${command.b ?? "the other regions"}\n`);
      case "heal":
        lab.heal(command.a, command.b);
        return this.#write("healed\n");
      case "slow":
        lab.slow(command.a, command.b, command.shape);
        return this.#write(command.shape ? "slow\n" : "at full speed\n");
      case "logs":
        for (const part of lab.select(command.place)) this.#write(`${part.tail(command.lines)}\n`);
        return;
      case "load":
        return await this.#switchLoad(command.perSecond);
      case "wait":
        return await sleep(command.seconds * 1_000, undefined, { signal: this.#ended.signal });
      case "start":
        return await this.#start(command.place);
      case "pause":
      case "resume":
        lab[command.kind](command.place);
        return this.#tell(command.place);
      case "kill":
      case "stop":
        await lab[command.kind](command.place);
        return this.#tell(command.place);
    }
  }

  async #start(place: string): Promise<void> {
    const starting = this.#lab.start(place).then(() => true);
    const { signal } = this.#ended;
    const late = sleep(readyWithinMs, false, { signal, ref: false }).catch(() => false);
    starting.catch(() => {}); // When it is late, its end is nobody's.
    const isReady = await Promise.race([starting, late]);
    this.#tell(place);
    if (!isReady) this.#write(`not ready after ${readyWithinMs / 1_000} s: see status and logs\n`);
  }

  #tell(place: string): void {
    for (const { name, state } of this.#lab.select(place)) this.#write(`${name} ${state}\n`);
  }

  async #switchLoad(perSecond: number | undefined): Promise<void> {
    const running = this.#load;
    if (perSecond === undefined) {
      if (!running) throw new Error("there is no load");
      clearInterval(this.#loadLines);
      this.#load = undefined;
      this.#write(loadTable(await running.stop()));
      return;
    }
    if (running) throw new Error("there is a load: load off first");
    const load = new LabLoad(this.#lab, { perSecond });
    this.#load = load;
    let before: LoadReport | undefined;
    this.#loadLines = setInterval(() => {
      const report = load.report();
      this.#write(loadLine(report, before));
      before = report;
    }, loadLineEveryMs);
  }
}
