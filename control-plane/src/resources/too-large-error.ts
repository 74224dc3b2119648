/** A resource has more bytes than the store takes in one value. The message says how many fit. */
export class TooLargeError extends Error {
  override readonly name = "TooLargeError";
}
