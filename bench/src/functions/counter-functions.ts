import { functionReference, state, statefulFunction, types } from "@statewire/sdk";
import { stateBytes } from "../floors/frames.js";
import { instanceId, instanceIds } from "../instance-id.js";
import { type Distribution, KeySequence } from "../key-sequence.js";

/** What the functions have done, and what they do next. The process's own, not state. */
export interface Progress {
  /** Messages that bench/counter and bench/hop have handled. */
  handled: number;
  /** Tokens that bench/hop has not sent on. */
  tokensEnded: number;
  /** While false, every token ends where it is. */
  hopping: boolean;
  /** Called after each message of bench/counter and bench/hop. */
  onHandled: () => void;
}

/** Where bench/hop and bench/fan send to. */
export interface Destinations {
  readonly ids: readonly string[];
  readonly keys: KeySequence;
}

/** Instances to choose from, with their ids built ahead. */
export function chooseDestinations(keys: number, distribution: Distribution): Destinations {
  return { ids: instanceIds(keys), keys: new KeySequence(keys, distribution, 4) };
}

const counterBytes = types.bytes("bench/counter-state");
const counter = functionReference("bench/counter", types.safeLong);
const hop = functionReference("bench/hop", types.safeLong);

/**
 * The workload: counters of 38 bytes of state, one addition per message.
 *
 * - bench/counter adds, and replies with the sum to whoever waits for it.
 * - bench/hop adds one and sends its token to another instance.
 * - bench/fan sends as many messages to counters as its message says.
 */
export function counterFunctions(progress: Progress, destinations: () => Destinations) {
  const counterFunction = statefulFunction(counter.typeName, {
    states: { total: state(counterBytes) },
    accepts: types.safeLong,
    replies: types.safeLong,
    handle(ctx, amount) {
      const total = add(ctx.state.total.get(), amount);
      ctx.state.total.set(total);
      if (ctx.wantsReply) ctx.reply(readCount(total));
      progress.handled += 1;
      progress.onHandled();
    },
  });
  const hopFunction = statefulFunction(hop.typeName, {
    states: { total: state(counterBytes) },
    accepts: types.safeLong,
    handle(ctx, hopsLeft) {
      ctx.state.total.set(add(ctx.state.total.get(), 1));
      if (progress.hopping && hopsLeft > 0) ctx.send(hop.at(nextId(destinations())), hopsLeft - 1);
      else progress.tokensEnded += 1;
      progress.handled += 1;
      progress.onHandled();
    },
  });
  const fanFunction = statefulFunction("bench/fan", {
    accepts: types.safeLong,
    handle(ctx, sends) {
      for (let sent = 0; sent < sends; sent += 1) ctx.send(counter.at(nextId(destinations())), 1);
    },
  });
  return [counterFunction, hopFunction, fanFunction] as const;
}

/** The count in a counter's state: its first eight bytes, least first. */
export function readCount(total: Uint8Array): number {
  return readUint32(total, 4) * 2 ** 32 + readUint32(total, 0);
}

/** A new state: the count, and as many other bytes as a small record has. */
function add(total: Uint8Array | undefined, amount: number): Uint8Array {
  const next = Buffer.allocUnsafe(stateBytes).fill(0, 8);
  const count = (total === undefined ? 0 : readCount(total)) + amount;
  next.writeUInt32LE(count % 2 ** 32, 0);
  next.writeUInt32LE(Math.floor(count / 2 ** 32), 4);
  return next;
}

function readUint32(bytes: Uint8Array, offset: number): number {
  const low = (bytes[offset] ?? 0) | ((bytes[offset + 1] ?? 0) << 8);
  const high = (bytes[offset + 2] ?? 0) | ((bytes[offset + 3] ?? 0) << 8);
  return low + high * 2 ** 16;
}

function nextId(destinations: Destinations): string {
  const key = destinations.keys.next();
  return destinations.ids[key] ?? instanceId(key);
}
