/** Why a checkpoint cannot be written or read. The code is stable; the message is for people. */
export type CheckpointErrorCode =
  /** Another node has taken the lineage over: this one must not go on. */
  | "FENCED"
  /** An object is damaged or missing; the message names it. */
  | "CORRUPT"
  /** There is no such checkpoint, or no lineage. */
  | "NOT_FOUND"
  /** The manifest is of a later version. */
  | "FORMAT_UNKNOWN";

export class CheckpointError extends Error {
  override readonly name = "CheckpointError";
  readonly code: CheckpointErrorCode;

  constructor(code: CheckpointErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
