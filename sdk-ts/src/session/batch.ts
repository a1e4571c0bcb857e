import type {
  EgressRecord,
  Failure,
  Input,
  Invocation,
  Limits,
  Result,
  Send,
  StateValue,
} from "@statewire/protos/statewire/v1/stream.js";
import { asWireBytes } from "#bytes";
import { StatewireError } from "../errors.js";
import { createFailure } from "./failure.js";
import type { Flight } from "./flight.js";
import { type LimitName, SideEffects } from "./side-effects.js";
import type { TypeIndex } from "./type-index.js";

/** An object and no symbol: slots are compared with it, and the engine compares like with like faster. */
class Unread {
  readonly unread = true;
}

/** The value of a lazy state that has not been read yet. */
export const unread: Unread = new Unread();

/** A state's bytes, that it has none, or that nobody has asked yet. */
export type StateSlot = Uint8Array | undefined | Unread;

/** Whether nobody has asked for the state yet. */
export function isUnread(slot: StateSlot): slot is Unread {
  return slot === unread;
}

/** What a batch is made from. */
export interface BatchOptions {
  readonly invocation: Pick<Invocation, "invocationId" | "id" | "inputs" | "attempt" | "timeoutMs">;
  /** "namespace/type" of the target. */
  readonly typeName: string;
  /** Position of the function in the table, from 0. */
  readonly functionIndex: number;
  /** By state index; the batch takes the array over. */
  readonly slots: StateSlot[];
  /** By state index: which of them do not travel with invocations. */
  readonly lazyStates: readonly boolean[];
  readonly limits: Limits;
  /** How errors name `limits.frameBytesMax`. Default: by its own name, as the runtime's. */
  readonly frameLimit?: LimitName;
  /** Names the callers. */
  readonly types: Pick<TypeIndex, "typeNameOf">;
}

/** Shared, so nobody adds to them. */
const noStates: StateValue[] = [];
const noChanges: boolean[] = [];

/**
 * The run of one invocation: its inputs in order, and what they did so far.
 *
 *     running(position) --completeInput--> running(position + 1) ... --last--> finished
 *     running(position) --failInput------> finished, without the effects of the input at position
 *     running(position) --abandon--------> given up: there will be no result
 *
 * Invariant: effects of the input at `position` can be undone; those of earlier inputs stay.
 */
export class Batch {
  readonly invocationId: number;
  readonly typeName: string;
  readonly id: string;
  readonly functionIndex: number;
  readonly inputs: readonly Input[];
  readonly timeoutMs: number;
  /** Where a session keeps track of it; absent before it does, and once it is no longer in flight. */
  flight: Flight | undefined;
  readonly #attempt: number;
  readonly #effects: SideEffects;
  readonly #types: Pick<TypeIndex, "typeNameOf">;
  readonly #lazyStates: readonly boolean[];
  readonly #stateBytesMax: number;
  #slots: StateSlot[];
  /** By state index; replaced by a list of its own with the first change. Most have no entry. */
  #changed: boolean[] = noChanges;
  // The states before the current input; absent until it writes one.
  #slotsBefore: StateSlot[] | undefined;
  #changedBefore: boolean[] = noChanges;
  #position = 0;
  #failure: Failure | undefined;
  #abandoned = false;

  constructor(options: BatchOptions) {
    const { invocation } = options;
    this.invocationId = invocation.invocationId;
    this.id = invocation.id;
    this.inputs = invocation.inputs;
    this.timeoutMs = invocation.timeoutMs;
    this.#attempt = invocation.attempt;
    this.typeName = options.typeName;
    this.functionIndex = options.functionIndex;
    this.#slots = options.slots;
    this.#effects = new SideEffects(options.limits, options.frameLimit);
    this.#types = options.types;
    this.#lazyStates = options.lazyStates;
    this.#stateBytesMax = Math.floor(options.limits.frameBytesMax / 2);
  }

  /** The input that runs, or `undefined` when the batch is finished or given up. */
  get input(): Input | undefined {
    return this.#failure === undefined && !this.#abandoned
      ? this.inputs[this.#position]
      : undefined;
  }

  /** How many inputs have succeeded: the index of the one that runs. */
  get position(): number {
    return this.#position;
  }

  /** Failed attempts at the running input; only the first input has any. */
  get attempt(): number {
    return this.#position === 0 ? this.#attempt : 0;
  }

  /** Whether an error ended the batch, and which. */
  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** At least the encoded size of the result so far. */
  get encodedBytes(): number {
    return this.#effects.encodedBytes;
  }

  /** "namespace/type" of an input's caller; empty when it came from an ingress. */
  callerTypeNameOf(input: Input): string {
    return input.callerType === 0 ? "" : this.#types.typeNameOf(input.callerType);
  }

  readState(index: number): StateSlot {
    return this.#slots[index];
  }

  /** Fills slots that were unread with what the runtime has. A value written meanwhile stays. */
  loadStates(states: readonly StateValue[]): void {
    for (const { state, value } of states) {
      if (this.#slots[state] === unread) {
        this.#slots[state] = value;
      }
      if (this.#slotsBefore?.[state] === unread) {
        this.#slotsBefore[state] = value;
      }
    }
  }

  /** Writes a state, or deletes it. */
  writeState(index: number, value: Uint8Array | undefined): void {
    this.#admitState(index, value);
    if (this.#slotsBefore === undefined) {
      this.#slotsBefore = this.#slots.slice();
      this.#changedBefore = this.#changed === noChanges ? noChanges : this.#changed.slice();
    }
    if (this.#changed === noChanges) {
      this.#changed = [];
    }
    this.#slots[index] = value;
    this.#changed[index] = true;
  }

  send(send: Send): void {
    this.#effects.send(send);
  }

  schedule(send: Send, delayMs: number, cancellationToken: string): void {
    this.#effects.schedule(send, delayMs, cancellationToken);
  }

  cancel(token: string): void {
    this.#effects.cancel(token);
  }

  egress(record: EgressRecord): void {
    this.#effects.egress(record);
  }

  reply(typename: string, value: Buffer | undefined): void {
    this.#effects.reply({ input: this.#position, typename, value });
  }

  /** The running input succeeded: what it did stays. */
  completeInput(): void {
    this.#slotsBefore = undefined;
    this.#position++;
    if (this.#position < this.inputs.length) {
      this.#effects.save();
    }
  }

  /** The running input failed: what it did is discarded, and the batch is finished. */
  failInput(error: unknown): void {
    this.#effects.rollBack();
    if (this.#slotsBefore !== undefined) {
      this.#slots = this.#slotsBefore;
      this.#changed = this.#changedBefore;
      this.#slotsBefore = undefined;
    }
    this.#failure = createFailure(error, this.#position);
  }

  /** Nobody waits for a result any more. */
  abandon(): void {
    this.#abandoned = true;
  }

  /** The states as the result leaves them, by state index. */
  finalSlots(): StateSlot[] {
    return this.#slots;
  }

  /** What the batch did. Call it once, when it is finished. */
  result(): Result {
    return {
      invocationId: this.invocationId,
      stateChanges: this.#changed.length === 0 ? noStates : this.#stateChanges(),
      sends: this.#effects.sends,
      timerChanges: this.#effects.timerChanges,
      egressRecords: this.#effects.egressRecords,
      replies: this.#effects.replies,
      failure: this.#failure,
    };
  }

  /** Bytes of all values of the result: what result credit counts. */
  payloadBytes(): number {
    return this.#effects.payloadBytes + this.#changedBytes(-1);
  }

  /** The eager states of an address travel in one frame, and the changed ones in another. */
  #admitState(index: number, value: Uint8Array | undefined): void {
    const bytes = value?.length ?? 0;
    const changedCount = this.#slots.length;
    const changed = bytes + this.#changedBytes(index);
    if (this.#lazyStates[index] !== true) {
      const eager = bytes + this.#eagerBytes(index);
      if (eager > this.#stateBytesMax) {
        throw new StatewireError(
          "limit-exceeded",
          `eager states of ${eager} bytes together exceed half of frameBytesMax ${this.#stateBytesMax * 2} of the runtime`,
        );
      }
    }
    this.#effects.admitStates(value, changedCount, changed);
  }

  /** Of the changed states but one. */
  #changedBytes(except: number): number {
    let sum = 0;
    for (let state = 0; state < this.#changed.length; state++) {
      if (state !== except && this.#changed[state] === true) {
        sum += bytesOf(this.#slots[state]);
      }
    }
    return sum;
  }

  /** Of the eager states but one. */
  #eagerBytes(except: number): number {
    let sum = 0;
    for (let state = 0; state < this.#slots.length; state++) {
      if (state !== except && this.#lazyStates[state] !== true) {
        sum += bytesOf(this.#slots[state]);
      }
    }
    return sum;
  }

  #stateChanges(): StateValue[] {
    let changes = noStates;
    for (let state = 0; state < this.#slots.length; state++) {
      const slot = this.#slots[state];
      if (this.#changed[state] !== true || isUnread(slot)) {
        continue;
      }
      const change = { state, value: slot === undefined ? undefined : asWireBytes(slot) };
      if (changes === noStates) {
        changes = [change];
      } else {
        changes.push(change);
      }
    }
    return changes;
  }
}

function bytesOf(slot: StateSlot): number {
  return slot === undefined || isUnread(slot) ? 0 : slot.length;
}
