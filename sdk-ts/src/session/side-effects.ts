import type {
  EgressRecord,
  Limits,
  Reply,
  Send,
  TimerChange,
} from "@statewire/protos/statewire/v1/stream.js";
import { utf8Length } from "#bytes";
import { StatewireError } from "../errors.js";

/** Where the side effects stood before an input, to go back to when it fails. */
interface Savepoint {
  readonly sends: number;
  readonly timerChanges: number;
  readonly egressRecords: number;
  readonly replies: number;
  readonly effectCount: number;
  readonly payloadBytes: number;
  readonly encodedBytes: number;
  readonly stateBytes: number;
}

/** Before the first input. */
const origin: Savepoint = {
  sends: 0,
  timerChanges: 0,
  egressRecords: 0,
  replies: 0,
  effectCount: 0,
  payloadBytes: 0,
  encodedBytes: 0,
  stateBytes: 0,
};

/** The protocol's limit, for values that carry the name of a type that is not declared. [LIMIT-12] */
const typenameBytesMax = 1024;

/** Every list without effects: shared, so nobody adds to it. */
const none: never[] = [];

/** Tags and lengths of one effect's fields, generously. */
const effectOverheadBytes = 48;

/**
 * What the inputs of one batch sent, scheduled, published and replied, in order, in the form of the
 * wire. Effects are kept within the runtime's limits; an effect beyond them throws StatewireError
 * `limit-exceeded` and is not recorded.
 */
export class SideEffects {
  readonly #limits: Limits;
  readonly #frameLimit: LimitName;
  // Most inputs have few kinds of effects, so a list exists from its first effect on.
  #sends: Send[] | undefined;
  #timerChanges: TimerChange[] | undefined;
  #egressRecords: EgressRecord[] | undefined;
  #replies: Reply[] | undefined;
  #effectCount = 0;
  #payloadBytes = 0;
  #encodedBytes = 0;
  #stateBytes = 0;
  #savepoint: Savepoint | undefined;

  constructor(limits: Limits, frameLimit: LimitName = protocolFrameLimit) {
    this.#limits = limits;
    this.#frameLimit = frameLimit;
  }

  get sends(): Send[] {
    return this.#sends ?? none;
  }

  get timerChanges(): TimerChange[] {
    return this.#timerChanges ?? none;
  }

  get egressRecords(): EgressRecord[] {
    return this.#egressRecords ?? none;
  }

  get replies(): Reply[] {
    return this.#replies ?? none;
  }

  /** Bytes of the values that result credit counts, those of states apart. */
  get payloadBytes(): number {
    return this.#payloadBytes;
  }

  /** At least the encoded size of everything recorded, and of the changed states. */
  get encodedBytes(): number {
    return this.#encodedBytes + this.#stateBytes;
  }

  send(send: Send): void {
    this.#admitSend(send);
    if (this.#sends === undefined) {
      this.#sends = [send];
    } else {
      this.#sends.push(send);
    }
  }

  schedule(send: Send, delayMs: number, cancellationToken: string): void {
    this.#admitSend(send);
    this.#encodedBytes += cancellationToken.length * 3;
    this.#timerChanges ??= [];
    this.#timerChanges.push({
      change: { $case: "schedule", value: { send, delayMs, cancellationToken } },
    });
  }

  cancel(token: string): void {
    this.#admitEffect();
    this.#encodedBytes += effectOverheadBytes + token.length * 3;
    this.#timerChanges ??= [];
    this.#timerChanges.push({ change: { $case: "cancel", value: token } });
  }

  egress(record: EgressRecord): void {
    this.#admitEffect();
    validateTypenameLength(record.typename);
    const nameBytes = 3 * (record.egress.length + record.typename.length);
    this.#admitValue(record.value, nameBytes, record);
    this.#egressRecords ??= [];
    this.#egressRecords.push(record);
  }

  /** @throws StatewireError `invalid-value` when the input has a reply already. */
  reply(reply: Reply): void {
    if (this.#replies?.at(-1)?.input === reply.input) {
      throw new StatewireError("invalid-value", "the message has been replied to already");
    }
    validateTypenameLength(reply.typename);
    this.#admitValue(reply.value, 3 * reply.typename.length, reply);
    if (this.#replies === undefined) {
      this.#replies = [reply];
    } else {
      this.#replies.push(reply);
    }
  }

  /**
   * Makes room for the changed states, which the batch keeps and which share the frame. The error does
   * not name the state: that is the caller's to add.
   *
   * @throws StatewireError `limit-exceeded` when a value or the whole is too large.
   */
  admitStates(value: Uint8Array | undefined, changedCount: number, changedBytes: number): void {
    const stateBytes = changedBytes + changedCount * effectOverheadBytes;
    this.#validateSize(value?.length ?? 0, this.#encodedBytes + stateBytes, undefined);
    this.#stateBytes = stateBytes;
  }

  /** Everything recorded so far stays. */
  save(): void {
    this.#savepoint = {
      sends: this.#sends?.length ?? 0,
      timerChanges: this.#timerChanges?.length ?? 0,
      egressRecords: this.#egressRecords?.length ?? 0,
      replies: this.#replies?.length ?? 0,
      effectCount: this.#effectCount,
      payloadBytes: this.#payloadBytes,
      encodedBytes: this.#encodedBytes,
      stateBytes: this.#stateBytes,
    };
  }

  /** Forgets everything recorded since the last `save`. */
  rollBack(): void {
    const savepoint = this.#savepoint ?? origin;
    this.#sends?.splice(savepoint.sends);
    this.#timerChanges?.splice(savepoint.timerChanges);
    this.#egressRecords?.splice(savepoint.egressRecords);
    this.#replies?.splice(savepoint.replies);
    this.#effectCount = savepoint.effectCount;
    this.#payloadBytes = savepoint.payloadBytes;
    this.#encodedBytes = savepoint.encodedBytes;
    this.#stateBytes = savepoint.stateBytes;
  }

  #admitSend(send: Send): void {
    this.#admitEffect();
    const { idBytesMax } = this.#limits;
    // A UTF-16 unit takes 3 bytes at most, so most ids need no count.
    if (send.id.length * 3 > idBytesMax && utf8Length(send.id) > idBytesMax) {
      const what = `id of ${utf8Length(send.id)} bytes, of an address of ${send.typeName},`;
      throw limitExceeded(what, { name: "idBytesMax", owner: "the runtime" }, idBytesMax);
    }
    validateTypenameLength(send.typename);
    const nameBytes = 3 * (send.id.length + send.typeName.length + send.typename.length);
    this.#admitValue(send.value, nameBytes + send.traceparent.length, send);
  }

  #admitEffect(): void {
    const count = this.#effectCount + 1;
    if (count > this.#limits.effectsMax) {
      const limit = { name: "effectsMax", owner: "the runtime" };
      throw limitExceeded(`result of ${count} effects`, limit, this.#limits.effectsMax);
    }
    this.#effectCount = count;
  }

  #admitValue(value: Uint8Array | undefined, nameBytes: number, carrier: Carrier): void {
    const bytes = value?.length ?? 0;
    const encodedBytes = this.#encodedBytes + bytes + nameBytes + effectOverheadBytes;
    this.#validateSize(bytes, encodedBytes + this.#stateBytes, carrier);
    this.#encodedBytes = encodedBytes;
    this.#payloadBytes += bytes;
  }

  #validateSize(valueBytes: number, resultBytes: number, carrier: Carrier | undefined): void {
    const { valueBytesMax, frameBytesMax } = this.#limits;
    if (valueBytes > valueBytesMax) {
      const what = `value of ${valueBytes} bytes${describeCarrier(carrier, "in")}`;
      throw limitExceeded(what, { name: "valueBytesMax", owner: "the runtime" }, valueBytesMax);
    }
    if (resultBytes > frameBytesMax) {
      const what = `result of ${resultBytes} bytes${describeCarrier(carrier, "with")}`;
      throw limitExceeded(what, this.#frameLimit, frameBytesMax);
    }
  }
}

/** How an error says which limit it was. */
export interface LimitName {
  readonly name: string;
  /** Whose limit it is. */
  readonly owner: string;
}

const protocolFrameLimit: LimitName = { name: "frameBytesMax", owner: "the runtime" };

/** What brings a value along. */
type Carrier = Send | EgressRecord | Reply;

function describeCarrier(carrier: Carrier | undefined, link: "in" | "with"): string {
  if (carrier === undefined) {
    return "";
  }
  if ("egress" in carrier) {
    return `, ${link} a record for ${carrier.egress},`;
  }
  return "id" in carrier
    ? `, ${link} a send to ${carrier.typeName}/${carrier.id},`
    : `, ${link} a reply,`;
}

function validateTypenameLength(typename: string): void {
  if (typename.length * 3 <= typenameBytesMax) return;
  const bytes = utf8Length(typename);
  if (bytes > typenameBytesMax) {
    const what = `typename of ${bytes} bytes exceeds the protocol's limit ${typenameBytesMax}`;
    throw new StatewireError("limit-exceeded", what);
  }
}

function limitExceeded(what: string, limit: LimitName, limitValue: number): StatewireError {
  return new StatewireError(
    "limit-exceeded",
    `${what} exceeds ${limit.name} ${limitValue} of ${limit.owner}`,
  );
}
