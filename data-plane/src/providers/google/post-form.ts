/** Posts a form. Rejects if no answer came. */
export type PostForm = (
  url: string,
  form: URLSearchParams,
  signal: AbortSignal,
) => Promise<FormAnswer>;

export interface FormAnswer {
  readonly status: number;
  readonly body: string;
}

/** Over the network. Follows no redirect: the form holds a secret. */
export const postForm: PostForm = async (url, form, signal) => {
  const response = await fetch(url, { method: "POST", body: form, redirect: "error", signal });
  return { status: response.status, body: await readBounded(response) };
};

/** Bytes. A token has one or two thousand. */
const bodyMax = 64 * 1024;

async function readBounded({ body }: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let held = 0;
  for await (const piece of body ?? []) {
    held += piece.length;
    if (held > bodyMax) throw new Error(`the answer has more than ${bodyMax} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}
