import { expect, it } from "vitest";
import { busyMachine } from "./busy-machine.ts";

it.each([
  { load: 0.6, cores: 2, notices: 0 },
  { load: 0.7, cores: 2, notices: 1 },
  { load: 0.7, cores: 8, notices: 0 },
  { load: undefined, cores: 2, notices: 0 },
])("gives $notices notices at a load of $load on $cores cores", ({ load, cores, notices }) => {
  expect(busyMachine({ load, cores })).toHaveLength(notices);
});
