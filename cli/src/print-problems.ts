import { formatProblem, type Problem } from "@headgate/config";
import type { Output } from "./io.ts";
import { paint } from "./paint.ts";

/** One line each, the place first, so that editors and CI can jump to it. */
export function printProblems(output: Output, problems: readonly Problem[]): void {
  for (const problem of problems) {
    const line = formatProblem(problem);
    const at = line.indexOf(": ");
    output.write(`${paint(output, "bold", line.slice(0, at + 1))}${line.slice(at + 1)}\n`);
  }
}

export function countProblems(count: number): string {
  return count === 1 ? "1 problem" : `${count} problems`;
}
