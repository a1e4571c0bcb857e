/**
 * The peer broke a clause of PROTOCOL.md. The stream cannot go on: the peer is told the clause, and
 * the stream ends.
 */
export class ProtocolViolation extends Error {
  override readonly name = "ProtocolViolation";
  /** The clause, for example "HELLO-3". */
  readonly clause: string;

  constructor(clause: string, message: string) {
    super(message);
    this.clause = clause;
  }
}
