/** What recorded answers say, by their vendors' official clients and by a plain look at the bytes. */
export {
  type AnthropicCall,
  readAnthropic,
  readingOf as anthropicReading,
} from "./anthropic-client.ts";
export { readRaw, VendorReader } from "./expected-reading.ts";
export { type OpenAiCall, readOpenAi, readOpenAiWithHelper } from "./openai-client.ts";
export type {
  AnswerReading,
  ChoiceReading,
  ErrorReading,
  Finish,
  IncompleteReading,
  Reading,
  ToolCallReading,
  UsageReading,
} from "./reading.ts";
export { type ResponsesCall, readResponses } from "./responses-client.ts";
export { servable } from "./servable.ts";
export { type Vendor, type VendorCall, vendorKinds, vendorOf } from "./vendor.ts";
