import type { Fields } from "../../../protocol/protocol.js";
import type { FrameStream } from "../../../wire/frame-stream.js";
import { CaseFailure } from "../../case-failure.js";

/** What an address has counted. */
interface Count {
  readonly count: number;
  readonly sum: number;
}

/** What a server has to know to count, and to err now and then. */
export interface CountingOptions {
  /** The id to which every message is passed on. */
  readonly total: string;
  /** From 0 to 1, by chance. */
  readonly random: () => number;
  /** Takes a note of what breaks the protocol. */
  readonly fails: (reason: string) => void;
}

/** How often an input fails, to be tried again. */
const failureChance = 0.05;

const zero: Count = { count: 0, sum: 0 };

/**
 * A function server that counts: each input is a number that it adds up in its state, says in a record,
 * and passes on to the address `total`. It keeps states under leases, as an SDK does.
 */
export class CountingServer {
  readonly #stream: FrameStream;
  readonly #options: CountingOptions;
  readonly #leases = new Map<string, { readonly version: number; readonly state: Count }>();
  readonly #inFlight = new Map<number, Fields>();
  #closed = false;

  constructor(stream: FrameStream, options: CountingOptions) {
    this.#stream = stream;
    this.#options = options;
  }

  close(): void {
    this.#closed = true;
    this.#stream.cancel();
  }

  /** Serves until the stream ends. */
  async serve(): Promise<void> {
    const wanted = ["invocation", "state_reply", "error", "end"];
    while (!this.#closed) {
      const { events } = this.#stream;
      const event = await events.takeWithin(1000, ({ kind }) => wanted.includes(kind));
      if (event === undefined) continue;
      if (event.kind === "end") return;
      if (event.kind === "error")
        this.#options.fails(`protocol error ${String(event.fields["clause"])}`);
      else if (event.kind === "invocation") await this.#invoke(event.fields);
      else await this.#resume(event.fields);
    }
  }

  async #invoke(invocation: Fields): Promise<void> {
    const id = number(invocation["invocation_id"]);
    const target = String(invocation["id"] ?? "");
    const busy = [...this.#inFlight.values()].some((each) => (each["id"] ?? "") === target);
    if (busy) this.#options.fails(`[INVOKE-2] two invocations of ${target} are in flight`);
    this.#inFlight.set(id, invocation);
    const lease = number(invocation["lease"]);
    const held = this.#leases.get(target);
    if (lease === 0) return this.#run(invocation, stateOf(invocation["states"]));
    if (held?.version === lease) return this.#run(invocation, held.state);
    await this.#stream.send({ state_request: { invocation_id: id, lease_missing: true } });
  }

  async #resume(reply: Fields): Promise<void> {
    const invocation = this.#inFlight.get(number(reply["invocation_id"]));
    if (invocation !== undefined) await this.#run(invocation, stateOf(reply["states"]));
  }

  async #run(invocation: Fields, before: Count): Promise<void> {
    const id = number(invocation["invocation_id"]);
    const target = String(invocation["id"] ?? "");
    const inputs = list(invocation["inputs"]).map(({ value }) => Number(String(value)));
    const failsAt = inputs.findIndex(() => this.#options.random() < failureChance);
    const done = failsAt === -1 ? inputs : inputs.slice(0, failsAt);
    const failure =
      failsAt === -1
        ? {}
        : {
            failure: {
              code: "CODE_FUNCTION",
              message: "by chance",
              retryable: true,
              completed_inputs: failsAt,
            },
          };
    const { state, records } = count(target, before, done);
    const passesOn = target !== this.#options.total;
    const effects = {
      state_changes: [{ state: 0, value: Buffer.from(JSON.stringify(state)) }],
      egress_records: records.map((text) => ({
        egress: "conformance/out",
        typename: "t/t",
        value: Buffer.from(text),
      })),
      sends: passesOn ? done.map((each) => this.#sendOf(each)) : [],
    };
    this.#inFlight.delete(id);
    if (failsAt === -1) this.#leases.set(target, { version: id, state });
    else this.#leases.delete(target);
    const result = { invocation_id: id, ...(done.length > 0 ? effects : {}), ...failure };
    await this.#stream.send({ results: { results: [result] } });
  }

  #sendOf(value: number): Fields {
    return { type: 1, id: this.#options.total, typename: "t/t", value: Buffer.from(String(value)) };
  }
}

/** Adds the inputs up, and says after each: "id count sum input". */
function count(
  target: string,
  before: Count,
  inputs: readonly number[],
): { readonly state: Count; readonly records: readonly string[] } {
  let state = before;
  const records = inputs.map((input) => {
    state = { count: state.count + 1, sum: state.sum + input };
    return `${target} ${state.count} ${state.sum} ${input}`;
  });
  return { state, records };
}

function stateOf(states: unknown): Count {
  const value = list(states).find(({ state }) => number(state) === 0)?.["value"];
  if (value === undefined) return zero;
  try {
    return JSON.parse(String(value)) as Count;
  } catch {
    throw new CaseFailure(`a state came back as ${String(value)}`);
  }
}

function number(value: unknown): number {
  return Number(value ?? 0);
}

function list(value: unknown): readonly Fields[] {
  return (value ?? []) as readonly Fields[];
}
