import { expect, it } from "vitest";
import { answerHeaders } from "./answer-headers.ts";

it.each([
  { name: "once", type: "application/json" },
  { name: "twice", type: ["application/json", "text/plain"] },
  { name: "not at all", type: undefined },
])("a content type sent $name goes out once", ({ type }) => {
  const deployment = { id: "p/a/m" };
  const request = { headers: {} };
  const call = { requestId: "req_1", attempts: 1, dropped: [], deployment, request };
  const headers = { "content-type": type };
  // Of the call, only these members are read.
  const sent = answerHeaders(call as never, headers, "application/json");
  expect(sent.slice(6)).toEqual(["content-type", "application/json"]);
});
