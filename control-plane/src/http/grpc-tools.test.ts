import { create, createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { ManualClock } from "@headgate/core";
import { admin, grpcHealth, grpcReflection, grpcReflectionAlpha } from "@headgate/proto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  adminToken,
  type TestControlPlane,
  testControlPlane,
} from "../testing/test-control-plane.ts";
import { createHealth } from "./health-service.ts";

const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = grpcHealth.HealthCheckResponse_ServingStatus;

let plane: TestControlPlane;
beforeAll(async () => {
  plane = await testControlPlane();
});
afterAll(() => plane[Symbol.asyncDispose]());

function bearer(token: string | undefined): Interceptor[] {
  if (token === undefined) return [];
  return [
    (next) => (request) => {
      request.header.set("authorization", `Bearer ${token}`);
      return next(request);
    },
  ];
}

const overGrpc = (token?: string) =>
  createGrpcTransport({ baseUrl: plane.grpcAddress?.url ?? "", interceptors: bearer(token) });
const overAdminPort = (token?: string) =>
  createConnectTransport({
    baseUrl: plane.adminAddress?.url ?? "",
    httpVersion: "1.1",
    interceptors: bearer(token),
  });

describe("grpc.health.v1", () => {
  it.each([
    { name: "the gRPC port", connect: overGrpc },
    { name: "the admin port", connect: overAdminPort },
  ])("answers anybody, at $name", async ({ connect }) => {
    const health = createClient(grpcHealth.Health, connect());
    for (const service of [
      "",
      "headgate.admin.v1.AdminService",
      "headgate.discovery.v1.DiscoveryService",
    ]) {
      expect(await health.check({ service })).toMatchObject({ status: SERVING });
    }
    await expect(health.check({ service: "x" })).rejects.toMatchObject({ code: Code.NotFound });
  });

  it("tells those who watch when it changes, and when it stops", async () => {
    const clock = new ManualClock();
    let reason: string | undefined = "not yet";
    const health = createHealth({ services: ["a"], whyNotReady: () => reason, clock });
    const watch = (service: string) => {
      const context = { signal: new AbortController().signal };
      const statuses = health.implementation.watch({ service } as never, context as never); // All it reads.
      return (statuses as AsyncIterable<{ status: number }>)[Symbol.asyncIterator]();
    };
    const whole = watch("");
    const one = watch("a");
    const unknown = watch("b");
    expect((await whole.next()).value).toEqual({ status: NOT_SERVING });
    expect((await one.next()).value).toEqual({ status: NOT_SERVING });
    expect((await unknown.next()).value).toEqual({ status: SERVICE_UNKNOWN });
    const next = whole.next();
    const nextOfOne = one.next();
    const forever = unknown.next();
    await clock.advance(3_000);
    reason = undefined;
    await clock.advance(1_000);
    expect((await next).value).toEqual({ status: SERVING });
    expect((await nextOfOne).value).toEqual({ status: SERVING });
    const last = whole.next();
    health.stop();
    expect((await last).value).toEqual({ status: NOT_SERVING });
    expect(await whole.next()).toMatchObject({ done: true });
    expect(await forever).toMatchObject({ done: true });
  });

  it("has an end to how many watch", async () => {
    const clock = new ManualClock();
    const health = createHealth({ services: [], whyNotReady: () => undefined, clock });
    const leave = new AbortController();
    const open = () => {
      const statuses = health.implementation.watch(
        { service: "" } as never,
        { signal: leave.signal } as never,
      );
      return (statuses as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    };
    const watching = Array.from({ length: 1_000 }, open);
    for (const one of watching) await one.next();
    await expect(open().next()).rejects.toMatchObject({ code: Code.ResourceExhausted });
    const rest = watching.map((one) => one.next());
    leave.abort();
    await Promise.all(rest);
    // Those that left make room.
    const later = health.implementation.watch(
      { service: "" } as never,
      { signal: new AbortController().signal } as never,
    );
    const first = (later as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    expect((await first.next()).value).toEqual({ status: SERVING });
    health.stop();
  });

  it("does not keep the control plane from stopping", async () => {
    await using stopping = await testControlPlane();
    const transport = createGrpcTransport({ baseUrl: stopping.grpcAddress?.url ?? "" });
    const statuses: number[] = [];
    const opened = Promise.withResolvers<void>();
    const watching = (async () => {
      for await (const { status } of createClient(grpcHealth.Health, transport).watch({})) {
        statuses.push(status);
        opened.resolve();
      }
    })();
    await opened.promise;
    const startMs = performance.now();
    await stopping.stop();
    await watching.catch(ConnectError.from);
    expect(statuses).toEqual([SERVING, NOT_SERVING]);
    // It would be cut after 2 seconds.
    expect(performance.now() - startMs).toBeLessThan(1_500);
  });
});

describe.each([
  { version: "v1", service: grpcReflection.ServerReflection },
  { version: "v1alpha", service: grpcReflectionAlpha.ServerReflection },
] as const)("grpc.reflection.$version", ({ service }) => {
  type Question = { case: string; value: unknown };
  async function ask(...questions: Question[]) {
    async function* requests() {
      for (const messageRequest of questions) yield { host: "h", messageRequest };
    }
    const client = createClient(
      service as typeof grpcReflection.ServerReflection,
      overGrpc(adminToken),
    );
    const answers: grpcReflection.ServerReflectionResponse[] = [];
    for await (const answer of client.serverReflectionInfo(requests() as never))
      answers.push(answer);
    return answers;
  }
  async function askOne(question: Question) {
    const [answer] = await ask(question);
    if (!answer) throw new Error("there was no answer");
    return answer.messageResponse;
  }
  async function filesOf(question: Question): Promise<FileDescriptorProto[]> {
    const answer = await askOne(question);
    if (answer.case !== "fileDescriptorResponse") throw new Error(JSON.stringify(answer));
    return answer.value.fileDescriptorProto.map((one) =>
      fromBinary(FileDescriptorProtoSchema, one),
    );
  }

  it("lists what is served", async () => {
    expect(await askOne({ case: "listServices", value: "" })).toMatchObject({
      value: {
        service: [
          { name: "grpc.health.v1.Health" },
          { name: "grpc.reflection.v1.ServerReflection" },
          { name: "grpc.reflection.v1alpha.ServerReflection" },
          { name: "headgate.admin.v1.AdminService" },
          { name: "headgate.discovery.v1.DiscoveryService" },
          { name: "headgate.discovery.v1.NodeIdentityService" },
        ],
      },
    });
  });

  it("describes a service so that all of it can be built from the answer", async () => {
    const files = await filesOf({
      case: "fileContainingSymbol",
      value: "headgate.admin.v1.AdminService",
    });
    expect(files[0]?.name).toBe("headgate/admin/v1/admin.proto");
    const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: files.reverse() }));
    const described = registry.getService("headgate.admin.v1.AdminService");
    expect(described?.methods.map(({ name }) => name)).toEqual(
      admin.AdminService.methods.map(({ name }) => name),
    );
    const key = registry.getMessage("headgate.resources.v1.Key");
    expect(key?.fields.map(({ name, jsonName }) => [name, jsonName])).toContainEqual([
      "secret_hash",
      "secretHash",
    ]);
  });

  const adminFile = "headgate/admin/v1/admin.proto";
  it.each([
    { symbol: "headgate.admin.v1.AdminService.CreateKey", file: adminFile },
    { symbol: "headgate.admin.v1.CreateKeyRequest", file: adminFile },
    { symbol: "headgate.admin.v1.CreateKeyRequest.validate_only", file: adminFile },
    { symbol: "headgate.admin.v1.Resource.resource", file: adminFile },
    { symbol: "headgate.admin.v1.Role", file: adminFile },
    {
      symbol: "grpc.health.v1.HealthCheckResponse.ServingStatus",
      file: "grpc/health/v1/health.proto",
    },
    { symbol: "google.protobuf.Timestamp", file: "google/protobuf/timestamp.proto" },
  ])("finds $symbol", async ({ symbol, file }) => {
    const [first] = await filesOf({ case: "fileContainingSymbol", value: symbol });
    expect(first?.name).toBe(file);
  });

  it("gives a file by its name", async () => {
    const names = (await filesOf({ case: "fileByFilename", value: adminFile })).map(
      ({ name }) => name,
    );
    expect(names[0]).toBe(adminFile);
    expect(names).toContain("google/protobuf/timestamp.proto");
    expect(names).toContain("headgate/resources/v1/resources.proto");
  });

  it.each<{ name: string; question: Question }>([
    { name: "file", question: { case: "fileByFilename", value: "no.proto" } },
    {
      name: "package alone",
      question: { case: "fileContainingSymbol", value: "headgate.admin.v1" },
    },
    { name: "symbol", question: { case: "fileContainingSymbol", value: "AdminService" } },
    {
      name: "member",
      question: { case: "fileContainingSymbol", value: "headgate.admin.v1.AdminService.Explode" },
    },
    { name: "name at all", question: { case: "fileContainingSymbol", value: "" } },
    {
      name: "extension",
      question: {
        case: "fileContainingExtension",
        value: { containingType: "headgate.resources.v1.Key", extensionNumber: 100 },
      },
    },
    { name: "type to extend", question: { case: "allExtensionNumbersOfType", value: "x.Y" } },
  ])("says of an unknown $name that it is not found, and goes on", async ({ question }) => {
    const answers = await ask(question, { case: "listServices", value: "" });
    expect(answers[0]).toMatchObject({
      validHost: "h",
      originalRequest: { host: "h" },
      messageResponse: { case: "errorResponse", value: { errorCode: Code.NotFound } },
    });
    expect(answers[1]?.messageResponse.case).toBe("listServicesResponse");
  });

  it("knows of no extensions", async () => {
    const question = { case: "allExtensionNumbersOfType", value: "headgate.resources.v1.Key" };
    expect(await askOne(question)).toMatchObject({
      value: { baseTypeName: "headgate.resources.v1.Key", extensionNumber: [] },
    });
  });

  it("says of a question it does not know that it is invalid", async () => {
    const [answer] = await ask({ case: undefined as never, value: undefined });
    expect(answer?.messageResponse.value).toMatchObject({ errorCode: Code.InvalidArgument });
  });

  it.each([
    { name: "no token", token: undefined },
    { name: "a wrong token", token: "wrong" },
  ])("is refused with $name", async ({ token }) => {
    const client = createClient(service as typeof grpcReflection.ServerReflection, overGrpc(token));
    const questions = (async function* () {
      yield { messageRequest: { case: "listServices", value: "" } } as const;
    })();
    const asking = (async () => {
      for await (const _ of client.serverReflectionInfo(questions)) throw new Error("it answered");
    })();
    await expect(asking).rejects.toMatchObject({ code: Code.Unauthenticated });
  });
});
