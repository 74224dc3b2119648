import type { ErrorFields } from "../dialect.ts";

/** https://platform.openai.com/docs/guides/error-codes */
export function openAiErrorBody({ message, type, param, code }: ErrorFields): object {
  return { error: { message, type, param, code } };
}

/** What both official clients raise as an error, whichever events came before. */
export function openAiErrorEvent(error: ErrorFields): string {
  return `data: ${JSON.stringify(openAiErrorBody(error))}\n\n`;
}
