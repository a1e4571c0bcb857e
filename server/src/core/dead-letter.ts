import type { Attempts } from "./attempts.js";
import { countAttempts } from "./attempts.js";
import type { Failure } from "./effect.js";
import type { Message } from "./message.js";
import type { TypedValue } from "./typed-value.js";
import { encodeBase64, encodeUtf8 } from "./utf8.js";

/** The typename of a message that was given up, as an egress gets it. */
export const deadLetterTypename = "statewire/DeadLetter";

/**
 * A message that was given up, as JSON in UTF-8: all that it takes to understand what went wrong and
 * to send the message again. docs/MODULE.md describes the members; they are only ever added to.
 */
export function encodeDeadLetter(
  message: Message,
  { code, message: error }: Failure,
  attempts: Attempts,
): TypedValue {
  const { type, id, callerType, callerId, typename, value, traceparent } = message;
  const letter = {
    function: type.name,
    id,
    caller: callerType === null ? null : { function: callerType.name, id: callerId },
    typename,
    ...(value === null ? {} : { base64: encodeBase64(value) }),
    ...(traceparent === "" ? {} : { traceparent }),
    code,
    error,
    attempts: countAttempts(attempts),
    firstFailedAtMs: attempts.firstFailedAtMs,
    lastFailedAtMs: attempts.lastFailedAtMs,
  };
  return { typename: deadLetterTypename, value: encodeUtf8(JSON.stringify(letter)) };
}
