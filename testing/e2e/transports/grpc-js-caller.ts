import { resolve } from "node:path";
import {
  type Client,
  credentials,
  loadPackageDefinition,
  type ServiceClientConstructor,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import {
  loadFileDescriptorSetFromBuffer,
  loadSync,
  type Options,
  type PackageDefinition,
} from "@grpc/proto-loader";
import {
  type Caller,
  type CallerOf,
  CallFailed,
  type Failure,
  type Json,
  serviceName,
} from "./caller.ts";
import { metadataOf } from "./metadata-of.ts";
import { descriptorSetByReflection } from "./reflect.ts";

/** As proto's JSON has it: names of enums, 64-bit numbers as texts, nothing that is not set. */
const asJson: Options = { longs: String, enums: String };

/** gRPC as everybody else does it: dynamic, from the .proto files. */
export const grpcJsFromFiles: CallerOf = {
  name: "gRPC by @grpc/grpc-js, from the .proto files",
  connect: async ({ grpcUrl }) => {
    const includeDirs = [resolve(import.meta.dirname, "..", "..", "..", "proto")];
    const file = "headgate/admin/v1/admin.proto";
    return callerOf(loadSync(file, { ...asJson, includeDirs }), grpcUrl);
  },
};

/** As grpcurl does it: without any file, from what the server says of itself. */
export const grpcJsByReflection: CallerOf = {
  name: "gRPC by @grpc/grpc-js, by reflection",
  connect: async ({ grpcUrl, rootToken }) => {
    const files = await descriptorSetByReflection(grpcUrl, {
      symbol: serviceName,
      token: rootToken,
    });
    // What comes as descriptors keeps the names that its fields have in proto.
    return withProtoNames(
      callerOf(loadFileDescriptorSetFromBuffer(Buffer.from(files), asJson), grpcUrl),
    );
  },
};

function callerOf(definition: PackageDefinition, grpcUrl: string): Caller {
  const service = serviceName
    .split(".")
    .reduce<unknown>((at, name) => (at as Json)[name], loadPackageDefinition(definition));
  const Service = service as ServiceClientConstructor; // By its name, it is one.
  const client = new Service(new URL(grpcUrl).host, credentials.createInsecure());
  return {
    call: (method, request, token) =>
      new Promise((settle) => {
        methodOf(client, method)(request, metadataOf(token), (error: ServiceError, answer: Json) =>
          settle(error ? failureFrom(error) : { answer }),
        );
      }),
    stream: (method, request, token) => streamOf(client, { method, request, token }),
    close: () => client.close(),
  };
}

function withProtoNames(caller: Caller): Caller {
  return {
    ...caller,
    call: async (method, request, token) => {
      const outcome = await caller.call(method, renamed(request, snakeCase), token);
      return "answer" in outcome ? { answer: renamed(outcome.answer, camelCase) } : outcome;
    },
    stream: async function* (method, request, token) {
      for await (const message of caller.stream(method, renamed(request, snakeCase), token)) {
        yield renamed(message, camelCase);
      }
    },
  };
}

function renamed<T>(value: T, rename: (name: string) => string): T {
  if (Array.isArray(value)) return value.map((item) => renamed(item, rename)) as T;
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([name, one]) => [rename(name), renamed(one, rename)]);
  return Object.fromEntries(members); // Of the same shape, but for the names.
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

async function* streamOf(
  client: Client,
  { method, request, token }: { method: string; request: Json; token: string | undefined },
): AsyncGenerator<Json> {
  const stream = methodOf(client, method)(request, metadataOf(token));
  try {
    for await (const message of stream) yield message;
  } catch (error) {
    throw new CallFailed(failureFrom(error as ServiceError)); // The one class grpc-js has.
  } finally {
    stream.on("error", () => undefined).cancel();
  }
}

/** Dynamic clients have their methods by name; TypeScript can't know them. */
// biome-ignore lint/suspicious/noExplicitAny: see above
function methodOf(client: Client, method: string): (...args: unknown[]) => any {
  const found = (client as unknown as Record<string, (...args: unknown[]) => unknown>)[method];
  if (!found) throw new Error(`the client has no method ${method}`);
  return found.bind(client);
}

export function failureFrom({ code, details }: ServiceError): Failure {
  return { code: status[code].toLowerCase(), message: details };
}
