/**
 * The contracts: resources, the admin service, discovery, and those that gRPC's tools expect.
 * Generated from proto/ by `npm run generate`; nothing here is written by hand.
 */

export * as grpcHealth from "./gen/grpc/health/v1/health_pb.ts";
export * as grpcReflection from "./gen/grpc/reflection/v1/reflection_pb.ts";
export * as grpcReflectionAlpha from "./gen/grpc/reflection/v1alpha/reflection_pb.ts";
export * as admin from "./gen/headgate/admin/v1/admin_pb.ts";
export * as discovery from "./gen/headgate/discovery/v1/discovery_pb.ts";
export * as resources from "./gen/headgate/resources/v1/resources_pb.ts";
