import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { type ClientDuplexStream, credentials, makeGenericClientConstructor } from "@grpc/grpc-js";
import { grpcReflection } from "@headgate/proto";
import { metadataOf } from "./metadata-of.ts";

export type ReflectionVersion = "v1" | "v1alpha";

type Request = grpcReflection.ServerReflectionRequest;
type Response = grpcReflection.ServerReflectionResponse;
type Question = Request["messageRequest"];

/** Ask one question after the other on one stream, as tools do. @throws ServiceError */
export async function reflect(
  grpcUrl: string,
  {
    questions,
    token,
    version = "v1",
  }: { questions: readonly Question[]; token?: string; version?: ReflectionVersion },
): Promise<Response[]> {
  const { ServerReflectionRequestSchema, ServerReflectionResponseSchema } = grpcReflection;
  const Client = makeGenericClientConstructor(
    {
      info: {
        path: `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
        requestStream: true,
        responseStream: true,
        requestSerialize: (request: Request) =>
          Buffer.from(toBinary(ServerReflectionRequestSchema, request)),
        requestDeserialize: (bytes) => fromBinary(ServerReflectionRequestSchema, bytes),
        responseSerialize: (response: Response) =>
          Buffer.from(toBinary(ServerReflectionResponseSchema, response)),
        responseDeserialize: (bytes) => fromBinary(ServerReflectionResponseSchema, bytes),
      },
    },
    "ServerReflection",
  );
  const client = new Client(new URL(grpcUrl).host, credentials.createInsecure());
  try {
    // Generic clients have their methods by name; TypeScript can't know them.
    const open = client["info"] as (metadata: unknown) => ClientDuplexStream<Request, Response>;
    const stream = open.call(client, metadataOf(token));
    for (const messageRequest of questions) {
      stream.write(create(ServerReflectionRequestSchema, { messageRequest }));
    }
    stream.end();
    const answers: Response[] = [];
    for await (const answer of stream) answers.push(answer);
    return answers;
  } finally {
    client.close();
  }
}

/** A FileDescriptorSet of all that a symbol needs, in an order that loaders like: imports first. */
export async function descriptorSetByReflection(
  grpcUrl: string,
  { symbol, ...options }: { symbol: string; token: string; version?: ReflectionVersion },
): Promise<Uint8Array> {
  const questions = [{ case: "fileContainingSymbol", value: symbol } as const];
  const [answer] = await reflect(grpcUrl, { ...options, questions });
  const response = answer?.messageResponse;
  if (response?.case !== "fileDescriptorResponse") throw new Error(JSON.stringify(response?.value));
  const file = response.value.fileDescriptorProto
    .map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes))
    .reverse();
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file }));
}
