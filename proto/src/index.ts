/**
 * The contracts: resources, the admin service, discovery. Generated from
 * proto/headgate by `npm run generate`; nothing here is written by hand.
 */
export * as admin from "./gen/headgate/admin/v1/admin_pb.ts";
export * as discovery from "./gen/headgate/discovery/v1/discovery_pb.ts";
export * as resources from "./gen/headgate/resources/v1/resources_pb.ts";
