/** The client's fault: answered with 400 and this message. */
export class InvalidRequest extends Error {
  override readonly name = "InvalidRequest";
}
