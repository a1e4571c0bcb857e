import { setTimeout as wait } from "node:timers/promises";
import { Admin } from "@statewire/example-processes/admin.js";
import { Subscription } from "@statewire/example-processes/subscription.js";
import { fromTypedValue } from "@statewire/sdk";
import type { Totals } from "../comparison.js";
import type { Flight } from "../flight.js";
import { departure } from "../messages.js";
import { observeStates } from "../observation.js";
import { type Snapshot, summarize } from "./snapshot.js";

const pollIntervalMs = 1000;
const alertsKept = 8;

/** What is known of a runtime: refreshed as long as it answers, kept when it does not. */
export class Watch {
  /** The newest snapshot; undefined until the runtime has answered once. */
  snapshot: Snapshot | undefined;
  /** Why the runtime does not answer; empty when it does. */
  trouble = "not asked yet";
  /** The latest alerts, newest first. */
  readonly alerts: Flight[] = [];
  readonly #address: string;
  readonly #expected: Totals;

  /** @param address - "host:port" of the runtime's gRPC API. */
  constructor(address: string, expected: Totals) {
    this.#address = address;
    this.#expected = expected;
    void this.#poll();
    void this.#subscribe();
  }

  async #poll(): Promise<never> {
    const admin = new Admin(this.#address);
    for (;;) {
      try {
        this.snapshot = summarize(
          await observeStates(admin),
          await admin.inspect(),
          this.#expected,
        );
        this.trouble = "";
      } catch (error) {
        this.trouble = error instanceof Error ? error.message : String(error);
      }
      await wait(pollIntervalMs);
    }
  }

  async #subscribe(): Promise<never> {
    for (;;) {
      const subscription = new Subscription(this.#address, "flights/alerts", (record) => {
        const { typename, value } = record.value ?? { typename: "", value: undefined };
        this.alerts.unshift(fromTypedValue(departure, { typename, value }));
        this.alerts.length = Math.min(this.alerts.length, alertsKept);
      });
      await subscription.ended.catch(() => undefined);
      subscription.close();
      await wait(pollIntervalMs);
    }
  }
}
