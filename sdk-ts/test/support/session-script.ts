import type {
  FunctionSpec,
  Result,
  RuntimeFrame,
  ServerFrame,
  StateValue,
} from "@statewire/protos/statewire/v1/stream.js";
import { type Batch, isUnread } from "../../src/session/batch.js";
import { Session, type SessionOptions, type SessionOutput } from "../../src/session/session.js";

/** A function table with an eager, a lazy and an expiring state, a limited function, a wildcard. */
export const scriptTable: readonly FunctionSpec[] = [
  {
    typeName: "shop/cart",
    states: [
      { name: "items", typename: "shop/items", expiration: undefined, lazy: false },
      { name: "history", typename: "shop/history", expiration: undefined, lazy: true },
      { name: "owner", typename: "shop/owner", expiration: undefined, lazy: false },
    ],
    inFlightMax: 0,
    batchMax: 3,
  },
  { typeName: "shop/limited", states: [], inFlightMax: 1, batchMax: 0 },
  { typeName: "jobs/*", states: [], inFlightMax: 0, batchMax: 0 },
];

export function scriptOptions(overrides: Partial<SessionOptions["offer"]> = {}): SessionOptions {
  const offer = {
    sdkName: "sdk",
    sdkVersion: "1",
    serverName: "server",
    functions: scriptTable,
    invocationsMax: 8,
    payloadBytesMax: 1000,
    frameBytesMax: 16_777_216,
    leasedAddressesMax: 2,
    ...overrides,
  };
  return { offer, leaseLimits: { addressesMax: offer.leasedAddressesMax, bytesMax: 1_000_000 } };
}

/** A session whose inputs and outputs are read as lines, at a time that the script sets. */
export class SessionScript {
  readonly session: Session;
  nowMs = 0;
  /** Batches that were given out to run, in order. */
  readonly batches: Batch[] = [];

  constructor(options: SessionOptions = scriptOptions()) {
    this.session = new Session(options);
  }

  /** What comes of a frame, one line per output. */
  receive(frame: RuntimeFrame): string[] {
    return this.describe(this.session.receive(frame, this.nowMs));
  }

  /** Completes all inputs of the newest batch, each after `act`. */
  complete(act: (batch: Batch) => void = () => undefined, batch = this.newest()): void {
    while (batch.input !== undefined) {
      act(batch);
      batch.completeInput();
    }
    this.session.finish(batch);
  }

  /** The results that are sent now, by frame. */
  results(): Result[][] {
    const frames: Result[][] = [];
    for (
      let next = this.session.takeResults(this.nowMs);
      next !== undefined;
      next = this.session.takeResults(this.nowMs)
    ) {
      frames.push(next.frame?.$case === "results" ? next.frame.value.results : []);
    }
    return frames;
  }

  newest(): Batch {
    const batch = this.batches.at(-1);
    if (batch === undefined) {
      throw new Error("no batch has been given out");
    }
    return batch;
  }

  describe(outputs: readonly SessionOutput[]): string[] {
    return outputs.map((output) => this.#describeOutput(output));
  }

  #describeOutput(output: SessionOutput): string {
    switch (output.kind) {
      case "send":
        return `send ${describeFrame(output.frame)}`;
      case "run":
        this.batches.push(output.batch);
        return `run #${output.batch.invocationId} ${describeBatch(output.batch)}`;
      case "stateLoaded":
        return `loaded #${output.batch.invocationId} ${describeBatch(output.batch)}`;
      case "giveUp":
        return `give up #${output.batch.invocationId}`;
      case "end":
        return `end, broken by the ${output.brokenBy}`;
    }
  }
}

/** The clause that a frame breaks: the session must say so and end. */
export function brokenClause(script: SessionScript, frame: RuntimeFrame): string {
  const outputs = script.session.receive(frame, script.nowMs);
  const [send, end] = outputs;
  const isRejection =
    outputs.length === 2 &&
    send?.kind === "send" &&
    end?.kind === "end" &&
    end.brokenBy === "runtime";
  if (!isRejection || send.frame.frame?.$case !== "error") {
    throw new Error(`not refused: ${script.describe(outputs).join("; ")}`);
  }
  if (script.session.phase !== "ended") {
    throw new Error("refused and not ended");
  }
  return send.frame.frame.value.clause;
}

function describeBatch(batch: Batch): string {
  const slots: string[] = [];
  for (let index = 0; index < 3; index++) {
    const slot = batch.readState(index);
    if (isUnread(slot)) {
      slots.push("?");
    } else {
      slots.push(slot === undefined ? "-" : `"${Buffer.from(slot).toString()}"`);
    }
  }
  const inputs = batch.inputs.map((input) =>
    input.value === undefined ? "-" : Buffer.from(input.value).toString(),
  );
  return `${batch.typeName}/${batch.id} (${inputs.join(" ")}) states ${slots.join(" ")}`;
}

function describeFrame({ frame }: ServerFrame): string {
  switch (frame?.$case) {
    case "welcome":
      return `welcome, features [${frame.value.features.join(", ")}], leases ${frame.value.leasedAddressesMax}`;
    case "stateRequest": {
      const { invocationId, states, leaseMissing } = frame.value;
      return `state request #${invocationId} ${leaseMissing ? "lease missing" : `[${states.join(", ")}]`}`;
    }
    case "error":
      return `error ${frame.value.clause}`;
    case "drain":
      return "drain";
    default:
      return frame?.$case ?? "nothing";
  }
}

export function stateReply(invocationId: number, states: readonly StateValue[]): RuntimeFrame {
  return { frame: { $case: "stateReply", value: { invocationId, states: [...states] } } };
}

export function credit(bytes: number): RuntimeFrame {
  return { frame: { $case: "credit", value: { bytes } } };
}

export function drain(): RuntimeFrame {
  return { frame: { $case: "drain", value: { reason: "test" } } };
}
