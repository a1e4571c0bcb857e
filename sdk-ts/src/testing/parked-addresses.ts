import { type Address, formatAddress } from "../address.js";
import { StatewireError } from "../errors.js";

/** An address that runs no more, and why. */
export interface ParkedAddress {
  readonly address: Address;
  /** As a runtime calls it: "function", "badInput", "badResult", "unknownType"... */
  readonly code: string;
  readonly error: unknown;
  /** Failed attempts at the message that it is parked for. */
  readonly attempts: number;
}

/** The parked addresses of a test. */
export class ParkedAddresses {
  readonly #byName = new Map<string, ParkedAddress>();

  get all(): readonly ParkedAddress[] {
    return [...this.#byName.values()];
  }

  park(parked: ParkedAddress): void {
    this.#byName.set(formatAddress(parked.address), parked);
  }

  has(address: Address): boolean {
    return this.#byName.has(formatAddress(address));
  }

  /** @throws StatewireError `test-failed` when it is not parked. */
  remove(address: Address): void {
    const name = formatAddress(address);
    if (!this.#byName.delete(name)) {
      throw new StatewireError("test-failed", `${name} is not parked`);
    }
  }
}
