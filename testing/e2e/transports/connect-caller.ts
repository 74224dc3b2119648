import {
  type DescMessage,
  fromJson,
  type JsonValue,
  type MessageShape,
  toJson,
} from "@bufbuild/protobuf";
import { Code, ConnectError, type Interceptor, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { admin } from "@headgate/proto";
import { type Caller, type CallerOf, CallFailed, type Failure, type Json } from "./caller.ts";

type Create = (baseUrl: { admin: string; grpc: string }, interceptors: Interceptor[]) => Transport;

function connectCaller(name: string, create: Create): CallerOf {
  return {
    name,
    connect: async ({ adminUrl, grpcUrl }) => {
      const urls = { admin: adminUrl, grpc: grpcUrl };
      return callerOf((token) => create(urls, token === undefined ? [] : [bearer(token)]));
    },
  };
}

/**
 * In megabytes. A client of Node's takes no answer on a connection while more of its own waits to be
 * sent: with the default of 10, none to a message that is too large.
 */
const nodeOptions = { maxSessionMemory: 64 };

export const connectCallers: readonly CallerOf[] = [
  connectCaller("Connect over HTTP/1.1", ({ admin }, interceptors) =>
    createConnectTransport({ baseUrl: admin, httpVersion: "1.1", interceptors }),
  ),
  connectCaller("Connect over HTTP/2, as JSON", ({ grpc }, interceptors) =>
    createConnectTransport({
      baseUrl: grpc,
      httpVersion: "2",
      nodeOptions,
      useBinaryFormat: false,
      interceptors,
    }),
  ),
  connectCaller("Connect over HTTP/2", ({ grpc }, interceptors) =>
    createConnectTransport({ baseUrl: grpc, httpVersion: "2", nodeOptions, interceptors }),
  ),
  connectCaller("gRPC by connect-node", ({ grpc }, interceptors) =>
    createGrpcTransport({ baseUrl: grpc, interceptors, nodeOptions }),
  ),
  connectCaller("gRPC-web over HTTP/1.1", ({ admin }, interceptors) =>
    createGrpcWebTransport({ baseUrl: admin, httpVersion: "1.1", interceptors }),
  ),
  connectCaller("gRPC-web over HTTP/2", ({ grpc }, interceptors) =>
    createGrpcWebTransport({ baseUrl: grpc, httpVersion: "2", nodeOptions, interceptors }),
  ),
];

function callerOf(transportFor: (token: string | undefined) => Transport): Caller {
  return {
    call: async (name, request, token) => {
      const method = methodOf(name);
      try {
        const response = await transportFor(token).unary(
          method as typeof admin.AdminService.method.getTeam, // Whichever it is: all are unary.
          undefined,
          undefined,
          undefined,
          messageFrom(method.input, request) as never,
        );
        return { answer: jsonOf(method.output, response.message) };
      } catch (error) {
        return failureFrom(error);
      }
    },
    stream: (name, request, token) => streamOf(transportFor(token), { name, request }),
    close: () => undefined,
  };
}

async function* streamOf(
  transport: Transport,
  { name, request }: { readonly name: string; readonly request: Json },
): AsyncGenerator<Json> {
  const method = methodOf(name);
  const leave = new AbortController();
  try {
    const response = await transport.stream(
      method as typeof admin.AdminService.method.watchResources, // Whichever it is: all stream answers.
      leave.signal,
      undefined,
      undefined,
      (async function* () {
        yield messageFrom(method.input, request) as never;
      })(),
    );
    for await (const message of response.message) yield jsonOf(method.output, message);
  } catch (error) {
    throw new CallFailed(failureFrom(error));
  } finally {
    leave.abort();
  }
}

function methodOf(name: string) {
  const method = admin.AdminService.methods.find((one) => one.name === name);
  if (!method) throw new Error(`there is no method ${name}`);
  return method;
}

function messageFrom(schema: DescMessage, json: Json): MessageShape<DescMessage> {
  return fromJson(schema, json as JsonValue); // Of what tests write, all is JSON.
}

function jsonOf(schema: DescMessage, message: unknown): Json {
  return toJson(schema, message as MessageShape<DescMessage>) as Json; // Messages are objects.
}

function bearer(token: string): Interceptor {
  return (next) => (request) => {
    request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
}

function failureFrom(error: unknown): Failure {
  const { code, rawMessage } = ConnectError.from(error);
  // InvalidArgument as invalid_argument.
  const words = (Code[code] ?? "").replace(/(?<=.)[A-Z]/g, (letter) => `_${letter}`);
  return { code: words.toLowerCase(), message: rawMessage };
}
