import { formatAddress } from "../../src/core/address.js";
import type { Command } from "../../src/core/command.js";
import type { Effects, Invocation } from "../../src/core/effect.js";
import type { Machine } from "../../src/core/machine.js";
import type { TableModel } from "./table-model.js";
import type { World } from "./world.js";

interface OpenInvocation {
  readonly session: number;
  readonly invocation: number;
  /** From then on the core may have given it up. */
  readonly deadlineMs: number;
}

/**
 * Looks at what goes into one node and what comes out: nothing may leave before it is durable, and
 * an address may have one invocation in flight.
 */
export class Watch {
  readonly #world: World;
  readonly #model: TableModel;
  readonly #machine: Machine;
  /** The epoch in which each request was accepted. */
  readonly #acceptedIn = new Map<number, number>();
  /** By address. */
  readonly #open = new Map<string, OpenInvocation>();

  constructor(world: World, model: TableModel, machine: Machine) {
    this.#world = world;
    this.#model = model;
    this.#machine = machine;
  }

  /** The loop is given a command. */
  entering(command: Command): void {
    if (command.kind !== "send" && command.kind !== "call") return;
    this.#acceptedIn.set(command.request, this.#machine.shard.epoch.epoch);
  }

  /** The loop has stepped it. */
  entered(command: Command): void {
    const { nowMs } = this.#machine.shard;
    if (command.kind === "sessionDetached") this.#end(command.session);
    if (command.kind !== "results") return;
    for (const { invocation } of command.results) {
      this.#world.book.applied(command.session, invocation, nowMs);
      this.#end(command.session, invocation);
    }
  }

  leaving(effects: Effects): void {
    const { nowMs } = this.#machine.shard;
    for (const { session } of effects.closedSessions) this.#end(session);
    for (const { session, invocations } of effects.dispatches) {
      for (const invocation of invocations) this.#dispatched(session, invocation, nowMs);
    }
    const { verdict } = this.#world;
    const { durableEpoch } = this.#model;
    for (const { request, duplicate } of effects.acknowledged) {
      const epoch = this.#acceptedIn.get(request) ?? 0;
      const isDurable = duplicate || epoch <= durableEpoch;
      verdict.check(isDurable, `request ${request} of epoch ${epoch} is acknowledged too early`);
    }
    const { limits, watched } = this.#world;
    for (const { egress, records } of effects.deliveries) {
      const waits = limits.core.egressesAfterCheckpoint.includes(egress);
      const lastEpoch = waits ? watched.checkpointedEpoch : durableEpoch;
      if (waits) this.#world.faults.note("record held until a checkpoint", records.length);
      for (const { sequence } of records) {
        const epoch = this.#model.epochOfRecord(egress, sequence);
        const isDurable = epoch !== undefined && epoch <= lastEpoch;
        const what = `record ${sequence} of ${egress}, of epoch ${epoch}, leaves`;
        verdict.check(isDurable, () => `${what} with epoch ${lastEpoch}`);
      }
    }
  }

  #dispatched(session: number, sent: Invocation, nowMs: number): void {
    const { binding, id, invocation, messages } = sent;
    const address = formatAddress({ typeName: binding.type.name, id });
    const open = this.#open.get(address);
    this.#world.verdict.check(
      open === undefined || open.deadlineMs <= nowMs,
      () => `${address} is invoked on ${session} while ${JSON.stringify(open)} is in flight`,
    );
    if (open !== undefined) this.#world.faults.note("invocation timed out");
    const deadlineMs = nowMs + binding.invocationTimeoutMs;
    this.#open.set(address, { session, invocation, deadlineMs });
    this.#world.book.dispatched(session, invocation, nowMs);
    const inputs = messages.map(({ sequence }) => sequence).join(" ");
    const lease = sent.lease === 0 ? "" : ` under lease ${sent.lease}`;
    this.#world.log.add(
      "core",
      `invokes ${address} as ${session}#${invocation}${lease}: ${inputs}`,
    );
  }

  /** The invocation, or all of the session, is over. */
  #end(session: number, invocation?: number): void {
    for (const [address, open] of this.#open) {
      if (open.session !== session) continue;
      if (invocation === undefined || open.invocation === invocation) this.#open.delete(address);
    }
  }
}
