import { regionFaults } from "../../src/faults/index.ts";
import { describeFaults } from "./describe-faults.ts";

describeFaults(regionFaults);
