import type { Member, Splice } from "@headgate/core";

/** A request's body with the place of its `model`. */
export interface ModelPlace {
  readonly bytes: Uint8Array;
  /** Behind the opening brace. */
  readonly bodyStart: number;
  /** Absent where the path names the model (Azure). */
  readonly model: Member | undefined;
}

/** The edit that puts the provider's own name of the model in. Undefined if it is there already. */
export function spliceModel(
  { bytes, bodyStart, model }: ModelPlace,
  upstreamModel: string,
): Splice | undefined {
  const text = JSON.stringify(upstreamModel);
  if (!model) return { start: bodyStart, end: bodyStart, text: `"model":${text},` };
  const { start, end } = model;
  const same = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).equals(
    Buffer.from(text),
  );
  return same ? undefined : { start, end, text };
}
