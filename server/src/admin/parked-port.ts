import type { Logger } from "pino";
import { type Address, formatAddress } from "../core/address.js";
import type { DropParkedCommand, RetryParkedCommand } from "../core/command.js";
import type { Decided } from "../core/effect.js";

/**
 * The one way for an operator's decisions about parked addresses to enter the core.
 *
 * CALLEE: `done` is called once, when the decision is durable, with the number of addresses that it
 * has changed; never when the node stops before.
 */
export interface ParkedPort {
  retry(addresses: readonly Address[], done: (changed: number) => void): void;
  drop(drop: Omit<DropParkedCommand, "kind" | "request">, done: (changed: number) => void): void;
}

interface Pending {
  readonly done: (changed: number) => void;
  /** What the log says when it is durable. */
  readonly message: string;
  readonly fields: object;
}

/** The port's other side: what the loop calls. What an operator has decided is logged. */
export class ParkedRequests implements ParkedPort {
  readonly #submit: (command: RetryParkedCommand | DropParkedCommand) => void;
  readonly #logger: Logger;
  readonly #pending = new Map<number, Pending>();
  #next = 1;

  constructor(submit: (command: RetryParkedCommand | DropParkedCommand) => void, logger: Logger) {
    this.#submit = submit;
    this.#logger = logger;
  }

  retry(addresses: readonly Address[], done: (changed: number) => void): void {
    const [first, ...others] = addresses;
    const fields =
      first === undefined || others.length > 0 ? {} : { address: formatAddress(first) };
    const message = "parked addresses try again, an operator says";
    const request = this.#expect({ done, message, fields });
    this.#submit({ kind: "retryParked", request, addresses });
  }

  drop(drop: Omit<DropParkedCommand, "kind" | "request">, done: (changed: number) => void): void {
    const fields = { address: formatAddress(drop.address) };
    const message = "the message of a parked address is dropped, an operator says";
    const request = this.#expect({ done, message, fields });
    this.#submit({ kind: "dropParked", request, ...drop });
  }

  decided(effects: readonly Decided[]): void {
    for (const { request, addresses } of effects) {
      const pending = this.#pending.get(request);
      if (pending === undefined) continue;
      this.#pending.delete(request);
      this.#logger.info({ ...pending.fields, addresses }, pending.message);
      pending.done(addresses);
    }
  }

  #expect(pending: Pending): number {
    const request = this.#next++;
    this.#pending.set(request, pending);
    return request;
  }
}
