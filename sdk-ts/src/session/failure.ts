import { type Failure, Failure_Code } from "@statewire/protos/statewire/v1/stream.js";
import { FunctionFailure, StatewireError } from "../errors.js";

const messageBytesMax = 4096;

/** What the runtime is told about an input that failed after `completedInputs` others. */
export function createFailure(error: unknown, completedInputs: number): Failure {
  const outcome = classifyError(error, completedInputs);
  return {
    code: outcome.code,
    message: truncateUtf8(describeError(error), messageBytesMax),
    retryable: outcome.retryable,
    retryAfterMs: error instanceof FunctionFailure ? error.retryAfterMs : 0,
    completedInputs,
  };
}

function classifyError(
  error: unknown,
  completedInputs: number,
): { readonly code: Failure_Code; readonly retryable: boolean } {
  if (error instanceof FunctionFailure) {
    return { code: Failure_Code.FUNCTION, retryable: error.retryable };
  }
  if (!(error instanceof StatewireError)) {
    return { code: Failure_Code.FUNCTION, retryable: true };
  }
  switch (error.code) {
    case "bad-input":
      return { code: Failure_Code.BAD_INPUT, retryable: false };
    case "bad-state":
      return { code: Failure_Code.BAD_STATE, retryable: false };
    case "timeout":
      return { code: Failure_Code.TIMEOUT, retryable: true };
    case "limit-exceeded":
      // The inputs before this one may have used the limit up: alone it can succeed.
      return { code: Failure_Code.FUNCTION, retryable: completedInputs > 0 };
    default:
      return { code: Failure_Code.FUNCTION, retryable: true };
  }
}

function describeError(error: unknown): string {
  if (error instanceof FunctionFailure || error instanceof StatewireError) {
    return error.message;
  }
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  } catch {
    // Whatever was thrown has no text; that must not end the process.
    return `a thrown ${typeof error}`;
  }
}

/** Cuts text to a number of bytes without splitting a character. */
function truncateUtf8(text: string, bytesMax: number): string {
  const bytes = Buffer.from(text, "utf8");
  if (bytes.length <= bytesMax) {
    return text;
  }
  let end = bytesMax;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) {
    end--;
  }
  return bytes.toString("utf8", 0, end);
}
