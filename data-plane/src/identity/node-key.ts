import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";
import { join } from "node:path";
import { readOrCreateFile, type Sealer } from "@headgate/config";

/** By which the control plane knows a node that has joined. */
export interface NodeKey {
  readonly privateKey: KeyObject;
  /** 32 bytes: the `x` of RFC 8037. */
  readonly publicKey: Uint8Array;
}

const context = "node key";

/**
 * The node's Ed25519 key: `node.key` in the state directory, sealed, made at first start.
 *
 * @throws UnsealError if it was sealed with another master key; what reading and writing throw.
 */
export async function loadOrCreateNodeKey(stateDir: string, sealer: Sealer): Promise<NodeKey> {
  const sealed = await readOrCreateFile(join(stateDir, "node.key"), () => {
    const { privateKey } = generateKeyPairSync("ed25519");
    return sealer.seal(privateKey.export({ format: "der", type: "pkcs8" }), context);
  });
  const der = Buffer.from(sealer.open(sealed, context));
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const { x = "" } = createPublicKey(privateKey).export({ format: "jwk" });
  return { privateKey, publicKey: new Uint8Array(Buffer.from(x, "base64url")) };
}
