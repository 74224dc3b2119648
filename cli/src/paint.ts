import { styleText } from "node:util";
import type { Output, Style } from "./io.ts";

/** `text` in a style, if `output` shows colours. */
export function paint(output: Output, style: Style, text: string): string {
  // The output has decided already; Node would ask standard output again.
  return output.hasColors ? styleText(style, text, { validateStream: false }) : text;
}
