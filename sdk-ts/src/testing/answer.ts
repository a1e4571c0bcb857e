import type { Result } from "@statewire/protos/statewire/v1/stream.js";
import { StatewireError } from "../errors.js";
import type { TypedValue } from "../typed-value.js";
import type { MailboxMessage } from "./mailbox.js";

/** What became of a message: it was handled, perhaps with a reply; or it is parked, or given up. */
export type Answer =
  | { readonly kind: "handled"; readonly reply: TypedValue | undefined }
  | { readonly kind: "failed"; readonly error: unknown };

/** Tells whoever waits for messages that were handled. */
export function answerHandled(completed: readonly MailboxMessage[], result: Result): void {
  for (const [index, message] of completed.entries()) {
    const reply = result.replies.find(({ input }) => input === index);
    message.answered?.({
      kind: "handled",
      reply: reply && { typename: reply.typename, value: reply.value },
    });
  }
}

/**
 * The reply of the address of that name, or `undefined` when it handled the message without one.
 *
 * @throws StatewireError `test-failed` when there is no answer, or a failure.
 */
export function replyOf(name: string, answer: Answer | undefined): TypedValue | undefined {
  if (answer === undefined) {
    throw new StatewireError("test-failed", `${name} has not replied`);
  }
  if (answer.kind === "handled") {
    return answer.reply;
  }
  const { error } = answer;
  throw new StatewireError("test-failed", `${name} failed: ${textOf(error)}`, { cause: error });
}

/** What was thrown, for people. */
export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
