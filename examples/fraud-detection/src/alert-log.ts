import { Subscription } from "@statewire/example-processes/subscription.js";
import { fromTypedValue } from "@statewire/sdk";
import { type Alert, alertType } from "./messages.js";

/**
 * The alerts of a run, each once. A runtime that was killed gives a record again that it does not
 * know to be acknowledged: its sequence number tells.
 */
export class AlertLog {
  readonly #bySequence = new Map<number, Alert>();
  #subscription: Subscription | undefined;

  get alerts(): readonly Alert[] {
    return [...this.#bySequence.values()];
  }

  /** Subscribes, in place of the stream to a runtime that is gone. */
  follow(grpcAddress: string): void {
    this.close();
    this.#subscription = new Subscription(grpcAddress, "fraud/alerts", ({ sequence, value }) => {
      if (value === undefined) return;
      const { typename, value: bytes } = value;
      this.#bySequence.set(sequence, fromTypedValue(alertType, { typename, value: bytes }));
    });
  }

  close(): void {
    this.#subscription?.close();
  }
}
