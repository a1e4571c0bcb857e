/** Why the store cannot go on. The code is stable; the message is for people. */
export type StoreErrorCode =
  | "DELTA_CORRUPT"
  | "DIRECTORY_IN_USE"
  | "FORMAT_UNKNOWN"
  | "JOURNAL_CORRUPT"
  | "TABLES_CORRUPT"
  | "WRITE_FAILED";

export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
