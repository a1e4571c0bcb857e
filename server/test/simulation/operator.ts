import type { Address } from "../../src/core/address.js";
import { formatAddress } from "../../src/core/address.js";
import type { Decided } from "../../src/core/effect.js";
import { listParked, parkedAt } from "../../src/node/parked-view.js";
import { decodeLetter, unservedAddress } from "./program.js";
import type { SimulatedNode } from "./simulated-node.js";
import type { Scope } from "./timeline.js";
import type { World } from "./world.js";

/** Somebody who is told of parked addresses, and decides about them after a while. */
export class Operator {
  readonly #world: World;
  #requests = 0;
  /** Will look anyway. */
  #isComing = false;

  /** Of the node. */
  #scope: Scope;

  constructor(world: World) {
    this.#world = world;
    this.#scope = world.timeline.scope();
  }

  /** A node is up. What an earlier one has parked is parked still. */
  attend(node: SimulatedNode, scope: Scope): void {
    this.#scope = scope;
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
    for (const { request, addresses } of decisions) {
      const text = `decision ${request} is durable, of ${addresses} addresses`;
      this.#world.log.add("operator", text);
    }
  }

  #decide(node: SimulatedNode): void {
    const addresses = parkedAddresses(node);
    if (addresses.length === 0) return;
    // Nothing but a drop helps where nobody serves the type.
    const unserved = addresses.find((address) => formatAddress(address) === unservedAddress);
    if (unserved !== undefined) this.#drop(node, unserved);
    else if (this.#world.random.oneIn(3)) this.#drop(node, this.#world.random.pick(addresses));
    else this.#retry(node, addresses);
  }

  #retry(node: SimulatedNode, addresses: readonly Address[]): void {
    const request = ++this.#requests;
    const names = addresses.map(formatAddress).join(" ");
    this.#world.log.add("operator", `decision ${request}: retry ${names}`);
    this.#world.faults.note("address retried by an operator", addresses.length);
    node.submit({ kind: "retryParked", request, addresses });
  }

  #drop(node: SimulatedNode, address: Address): void {
    const { gone, faults, log } = this.#world;
    const { epoch } = node.machine.shard;
    const message = parkedAt(node.machine, address)?.message;
    if (message === undefined || message.value === null) return;
    const letter = decodeLetter(message.value);
    const to = formatAddress(address);
    const request = ++this.#requests;
    log.add("operator", `decision ${request}: drop ${letter.program.id} to ${to}`);
    const { sequence } = message;
    node.submit({ kind: "dropParked", request, address, sequence });
    if (parkedAt(node.machine, address)?.message.sequence === sequence) return;
    faults.note("message dropped by an operator");
    if (to === unservedAddress) faults.note("message to an unknown type");
    gone.dropped({ epoch: epoch.epoch, to, letter });
    // The next message may be parked for itself.
    this.attend(node, this.#scope);
  }
}

function parkedAddresses({ machine, store }: SimulatedNode): Address[] {
  const parked = listParked({ store, machine }, null, null) ?? [];
  return [...parked].map(({ address }) => address);
}
