import type { Address } from "../../src/core/address.js";
import { formatAddress } from "../../src/core/address.js";
import type { Decided } from "../../src/core/effect.js";
import type { SimulatedNode } from "./simulated-node.js";
import type { Scope } from "./timeline.js";
import type { World } from "./world.js";

/** Somebody who is told of parked addresses, and decides about them after a while. */
export class Operator {
  readonly #world: World;
  #requests = 0;
  /** Will look anyway. */
  #isComing = false;

  constructor(world: World) {
    this.#world = world;
  }

  /** A node is up. What an earlier one has parked is parked still. */
  attend(node: SimulatedNode, scope: Scope): void {
    this.#isComing = false;
    if (parkedAddresses(node).length > 0) this.alarm(node, scope);
  }

  /** Addresses are parked. */
  alarm(node: SimulatedNode, scope: Scope): void {
    if (this.#isComing) return;
    this.#isComing = true;
    scope.after(this.#world.random.between(20, 300), "an operator looks", () => {
      this.#isComing = false;
      this.#decide(node);
    });
  }

  /** The node says that decisions are durable. */
  decided(decisions: readonly Decided[]): void {
    const { log, faults } = this.#world;
    for (const { request, addresses } of decisions) {
      log.add("operator", `decision ${request} is durable, of ${addresses} addresses`);
      faults.note("address retried by an operator", addresses);
    }
  }

  #decide(node: SimulatedNode): void {
    const addresses = parkedAddresses(node);
    if (addresses.length === 0) return;
    const request = ++this.#requests;
    const names = addresses.map(formatAddress).join(" ");
    this.#world.log.add("operator", `decision ${request}: retry ${names}`);
    node.submit({ kind: "retryParked", request, addresses });
  }
}

function parkedAddresses({ machine }: SimulatedNode): Address[] {
  return [...machine.shard.types.values()].flatMap(({ name: typeName, mailboxes }) =>
    [...mailboxes.values()]
      .filter(({ state }) => state === "parked")
      .map(({ id }) => ({ typeName, id })),
  );
}
