import { type Failure, Failure_Code } from "@statewire/protos/statewire/v1/stream.js";
import { type Address, formatAddress } from "../address.js";
import type { DeadLetter } from "../dead-letter.js";
import type { Egress } from "../egress.js";
import { StatewireError } from "../errors.js";
import type { MailboxMessage } from "./mailbox.js";

/** What happens to a message that fails, as `retry` of an endpoint in module.yaml. */
export interface RetryOptions {
  /** Failed attempts before the message is given up; 0: no limit. Default: 70. */
  readonly attemptsMax?: number;
  /** The wait after the first failed attempt, in milliseconds. Default: 100. */
  readonly initialBackoffMs?: number;
  /** No wait is longer, in milliseconds. Default: 30,000. */
  readonly maxBackoffMs?: number;
  /** Each wait is so many times the one before. Default: 2. */
  readonly factor?: number;
  /** Where a message goes that is given up. Default: nowhere, its address is parked. */
  readonly deadLetterEgress?: Egress<DeadLetter> | undefined;
}

/** The runtime's defaults. Its waits vary a little, those of a test do not. */
export const retryDefaults: Required<RetryOptions> = {
  attemptsMax: 70,
  initialBackoffMs: 100,
  maxBackoffMs: 30_000,
  factor: 2,
  deadLetterEgress: undefined,
};

/** How long a failed address waits after failed attempt number `attempt` (from 1). */
export function retryDelayMs(policy: Required<RetryOptions>, attempt: number): number {
  const { initialBackoffMs, maxBackoffMs, factor } = policy;
  // Bounded, because 0 times infinity is no number.
  const growth = Math.min(factor ** (attempt - 1), Number.MAX_VALUE);
  return Math.min(maxBackoffMs, initialBackoffMs * growth);
}

/** The runtime's name for what went wrong. `undefined`: the result was refused. */
export function failureCodeOf(failure: Failure | undefined): string {
  return failure === undefined ? "badResult" : (codes[failure.code] ?? "function");
}

const codes: Readonly<Record<number, string>> = {
  [Failure_Code.FUNCTION]: "function",
  [Failure_Code.BAD_INPUT]: "badInput",
  [Failure_Code.BAD_STATE]: "badState",
  [Failure_Code.TIMEOUT]: "timeout",
  [Failure_Code.OVERLOADED]: "overloaded",
  [Failure_Code.UNKNOWN_FUNCTION]: "unknownFunction",
};

/** What a dead letter says of the message itself. */
export function toDeadLetter({ namespace, type, id }: Address, { value, caller }: MailboxMessage) {
  return {
    function: `${namespace}/${type}`,
    id,
    caller:
      caller === undefined
        ? null
        : { function: `${caller.namespace}/${caller.type}`, id: caller.id },
    typename: value.typename,
    ...(value.value === undefined ? {} : { base64: Buffer.from(value.value).toString("base64") }),
  };
}

/** Nobody would learn of a message that goes nowhere. */
export function unknownTypeError(target: Address): StatewireError {
  const text =
    `unknown function type ${target.namespace}/${target.type}: the application has no function for ` +
    `${formatAddress(target)}, and elsewhere does not name it`;
  return new StatewireError("test-failed", text);
}
