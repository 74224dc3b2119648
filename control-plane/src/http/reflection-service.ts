import { createRegistry, type DescFile, type Registry, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import type { grpcReflection, grpcReflectionAlpha } from "@headgate/proto";

export interface ReflectionImplementation {
  readonly v1: ServiceImpl<typeof grpcReflection.ServerReflection>;
  /** The same under its old name, for tools of before 2023. */
  readonly v1alpha: ServiceImpl<typeof grpcReflectionAlpha.ServerReflection>;
}

/** Both versions have the same of it, but for their names. */
type Question = Pick<
  grpcReflection.ServerReflectionRequest | grpcReflectionAlpha.ServerReflectionRequest,
  "host" | "messageRequest"
>;
type Answer =
  | { case: "listServicesResponse"; value: { service: { name: string }[] } }
  | { case: "fileDescriptorResponse"; value: { fileDescriptorProto: Uint8Array<ArrayBuffer>[] } }
  | {
      case: "allExtensionNumbersResponse";
      value: { baseTypeName: string; extensionNumber: number[] };
    }
  | { case: "errorResponse"; value: { errorCode: number; errorMessage: string } };

/** Of one stream: a tool asks for some dozens of files. */
const questionsMax = 10_000;

/**
 * grpc.reflection: what is served here, so that tools like grpcurl need no .proto files.
 *
 * @param files - With the services; what they import comes along.
 */
export function createReflection(files: readonly DescFile[]): ReflectionImplementation {
  const index = createIndex(files);
  async function* answers<Q extends Question>(questions: AsyncIterable<Q>) {
    let count = 0;
    for await (const question of questions) {
      if (++count > questionsMax) {
        throw new ConnectError(`${questionsMax} questions are enough`, Code.ResourceExhausted);
      }
      const messageResponse = answer(question.messageRequest, index);
      yield { validHost: question.host, originalRequest: question, messageResponse };
    }
  }
  return {
    v1: { serverReflectionInfo: (questions) => answers(questions) },
    v1alpha: { serverReflectionInfo: (questions) => answers(questions) },
  };
}

interface Index {
  readonly services: readonly string[];
  readonly registry: Registry;
  readonly files: ReadonlyMap<string, DescFile>;
}

function createIndex(roots: readonly DescFile[]): Index {
  const files = new Map<string, DescFile>();
  for (const file of roots) addWithImports(file, files);
  return {
    services: roots.flatMap((file) => file.services.map(({ typeName }) => typeName)).sort(),
    registry: createRegistry(...files.values()),
    files,
  };
}

/** What a file imports comes before it. */
function addWithImports(file: DescFile, files: Map<string, DescFile>): void {
  if (files.has(file.proto.name)) return;
  for (const imported of file.dependencies) addWithImports(imported, files);
  files.set(file.proto.name, file);
}

function answer(question: Question["messageRequest"], index: Index): Answer {
  switch (question.case) {
    case "listServices": {
      const service = index.services.map((name) => ({ name }));
      return { case: "listServicesResponse", value: { service } };
    }
    case "fileByFilename": {
      const file = index.files.get(question.value);
      return file ? withImports(file) : notFound(`file ${question.value}`);
    }
    case "fileContainingSymbol": {
      const file = fileWith(question.value, index.registry);
      return file ? withImports(file) : notFound(`symbol ${question.value}`);
    }
    case "allExtensionNumbersOfType": {
      const message = index.registry.getMessage(question.value);
      if (!message) return notFound(`type ${question.value}`);
      const baseTypeName = message.typeName;
      return { case: "allExtensionNumbersResponse", value: { baseTypeName, extensionNumber: [] } };
    }
    case "fileContainingExtension":
      return notFound(`extension of ${question.value.containingType}`);
    case undefined:
      return errorAnswer(Code.InvalidArgument, "the question is missing, or unknown here");
  }
}

/** A type by its name, or the type that a method, field or value of this name is in. */
function fileWith(symbol: string, registry: Registry): DescFile | undefined {
  const whole = registry.get(symbol);
  if (whole) return whole.file;
  const dot = symbol.lastIndexOf(".");
  const parent = registry.get(symbol.slice(0, Math.max(dot, 0)));
  const name = symbol.slice(dot + 1);
  return parent && memberNames(parent).includes(name) ? parent.file : undefined;
}

function memberNames(parent: NonNullable<ReturnType<Registry["get"]>>): readonly string[] {
  switch (parent.kind) {
    case "service":
      return parent.methods.map((member) => member.name);
    case "message":
      return parent.members.map((member) => member.name);
    case "enum":
      return parent.values.map((member) => member.name);
    case "extension":
      return [];
  }
}

/** The file first: clients take the first for the one they asked for. */
function withImports(file: DescFile): Answer {
  const files = new Map<string, DescFile>();
  addWithImports(file, files);
  const fileDescriptorProto = [...files.values()]
    .reverse()
    .map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto } };
}

function notFound(what: string): Answer {
  return errorAnswer(Code.NotFound, `there is no ${what} here`);
}

/** Codes of Connect and gRPC are the same numbers. */
function errorAnswer(errorCode: Code, errorMessage: string): Answer {
  return { case: "errorResponse", value: { errorCode, errorMessage } };
}
