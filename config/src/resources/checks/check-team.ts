import { z } from "zod";
import { noLimitsYet, resourceName } from "./common.ts";

/** What a team says of itself. */
export const teamCheck = z.object({ name: resourceName, limits: noLimitsYet });
