import type { Failure, Failure_Code } from "@statewire/protos/statewire/v1/stream.js";
import { decodeUtf8, encodeUtf8 } from "#bytes";
import { FunctionFailure, StatewireError } from "../errors.js";

const messageBytesMax = 4096;

/** The codes of stream.proto. Its generated module needs gRPC, which is not everywhere that this is. */
const codes: { readonly [Name in CodeName]: (typeof Failure_Code)[Name] } = {
  FUNCTION: 1,
  BAD_INPUT: 2,
  BAD_STATE: 3,
  TIMEOUT: 4,
};

type CodeName = "FUNCTION" | "BAD_INPUT" | "BAD_STATE" | "TIMEOUT";

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
    return { code: codes.FUNCTION, retryable: error.retryable };
  }
  if (!(error instanceof StatewireError)) {
    return { code: codes.FUNCTION, retryable: true };
  }
  switch (error.code) {
    case "bad-input":
      return { code: codes.BAD_INPUT, retryable: false };
    case "bad-state":
      return { code: codes.BAD_STATE, retryable: false };
    case "timeout":
      return { code: codes.TIMEOUT, retryable: true };
    case "limit-exceeded":
      // The inputs before this one may have used the limit up: alone it can succeed.
      return { code: codes.FUNCTION, retryable: completedInputs > 0 };
    default:
      return { code: codes.FUNCTION, retryable: true };
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
  const bytes = encodeUtf8(text);
  if (bytes.length <= bytesMax) {
    return text;
  }
  let end = bytesMax;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) {
    end--;
  }
  return decodeUtf8(bytes.subarray(0, end)) ?? "";
}
