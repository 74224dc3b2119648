import Anthropic1 from "@anthropic-ai/sdk";
import Anthropic0 from "anthropic-sdk-0";

/** Same surface for all that is used here, but their types are unrelated. */
export const anthropicClients: readonly AnthropicMajor[] = [
  { major: "@anthropic-ai/sdk 1", Anthropic: Anthropic1, countsThoughts: true },
  {
    major: "@anthropic-ai/sdk 0",
    Anthropic: Anthropic0 as unknown as typeof Anthropic1,
    countsThoughts: false,
  },
];

export interface AnthropicMajor {
  readonly major: string;
  readonly Anthropic: typeof Anthropic1;
  /** Its stream helper keeps `output_tokens_details`. */
  readonly countsThoughts: boolean;
}
