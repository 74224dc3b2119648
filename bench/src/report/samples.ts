import type { PeerName } from "../peers/peer.ts";
import { type Summary, summarize } from "../statistics.ts";
import type { FigureId } from "./figures.ts";

export type Summaries = Readonly<
  Partial<Record<FigureId, Readonly<Partial<Record<PeerName, Summary>>>>>
>;

/** One value per figure, peer and round, as they come in. */
export class Samples {
  readonly #values = new Map<FigureId, Map<PeerName, number[]>>();

  add(figure: FigureId, peer: PeerName, value: number): void {
    const ofFigure = this.#values.get(figure) ?? new Map<PeerName, number[]>();
    this.#values.set(figure, ofFigure);
    ofFigure.set(peer, [...(ofFigure.get(peer) ?? []), value]);
  }

  /** Empty if nothing was added. */
  summaries(): Summaries {
    return Object.fromEntries(
      [...this.#values].map(([figure, ofFigure]) => [
        figure,
        Object.fromEntries([...ofFigure].map(([peer, values]) => [peer, summarize(values)])),
      ]),
    );
  }
}
