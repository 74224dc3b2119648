import { open } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import {
  checkedSecret,
  decodedSecret,
  SecretError,
  type SecretSource,
  secretMaxLength,
} from "./secret-source.ts";

/** More than a secret, with every character four bytes, and some space around it. */
const fileMaxBytes = 4 * secretMaxLength + 1_024;

/** `{file: PATH}`: a file, such as one that an orchestrator mounts. */
export function createFileSource(): SecretSource {
  return {
    async read({ file }, { directory }) {
      const path = isAbsolute(file) ? file : join(directory, file);
      return checkedSecret(decodedSecret(await readStart(path), path), path);
    },
  };
}

/** The whole of a file that is not too long for a secret; of others enough to tell. */
async function readStart(path: string): Promise<Uint8Array> {
  try {
    await using file = await open(path, "r");
    const buffer = Buffer.alloc(fileMaxBytes);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return buffer.subarray(0, length);
  } catch (error) {
    throw new SecretError(`cannot read ${path}: ${reason(error)}`, { cause: error });
  }
}

function reason(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "ENOENT":
      return "there is no such file";
    case "EACCES":
      return "permission denied";
    case "EISDIR":
      return "it is a directory";
    default:
      return String(code ?? "the file system refuses");
  }
}
