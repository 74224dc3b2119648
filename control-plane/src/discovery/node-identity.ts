import { Code, ConnectError } from "@connectrpc/connect";
import type { discovery } from "@headgate/proto";
import type { NodeIdentity } from "./node-registry.ts";

const nodeNamePattern = /^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,127}$/;
const labelPattern = /^[\x20-\x7e]{0,128}$/;

/** Who a node says it is. @throws ConnectError if that can't be anybody's name. */
export function identityFrom({ node, region, build, bootId }: discovery.Hello): NodeIdentity {
  if (!nodeNamePattern.test(node)) {
    throw new ConnectError(
      "node must be 1 to 128 letters, digits and ._:@/-, starting with a letter or digit",
      Code.InvalidArgument,
    );
  }
  if (![region, build, bootId].every((label) => labelPattern.test(label))) {
    throw new ConnectError(
      "region, build and boot_id must be at most 128 printable ASCII characters",
      Code.InvalidArgument,
    );
  }
  return { name: node, region, build, bootId };
}
