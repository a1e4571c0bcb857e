/** A peer broke a clause of PROTOCOL.md: the stream ends with a ProtocolError. [ERROR-1] */
export class ProtocolViolation extends Error {
  override readonly name = "ProtocolViolation";
  /** For example "HELLO-3". */
  readonly clause: string;

  constructor(clause: string, message: string) {
    super(message);
    this.clause = clause;
  }
}
