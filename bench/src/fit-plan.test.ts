import { expect, it } from "vitest";
import { fitPlan } from "./fit-plan.ts";
import { fullPlan } from "./plan.ts";

it.each([
  { files: 1_000_000, heldStreams: [1_000, 10_000], notices: [] },
  { files: 20_200, heldStreams: [1_000, 10_000], notices: [] },
  { files: 20_000, heldStreams: [1_000, 9_900], notices: ["9900 open streams instead of 10000"] },
  { files: 18_000, heldStreams: [1_000], notices: ["10000 open streams are left out"] },
  {
    files: 1_024,
    heldStreams: [],
    notices: ["1000 open streams are left", "10000 open streams are left"],
  },
])(
  "plans $heldStreams streams where $files files may be open",
  ({ files, heldStreams, notices }) => {
    const fitted = fitPlan(fullPlan, files);
    expect(fitted.plan.heldStreams).toEqual(heldStreams);
    expect(fitted.notices).toEqual(notices.map((start) => expect.stringContaining(start)));
  },
);
