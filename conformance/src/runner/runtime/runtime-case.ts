import type { Fields } from "../../protocol/protocol.js";
import type { Answer } from "../../subject/function-server.js";
import type { Dialler, Runtime } from "../../subject/runtime.js";
import type { StartAs, Told } from "../../subject/told.js";
import type { Data } from "../../suite/data.js";
import type { FrameStream } from "../../wire/frame-stream.js";
import type { Trace } from "../../wire/trace.js";
import type { Session } from "../session.js";
import { startWithin } from "../start-within.js";
import { CaseError } from "../values.js";

/** An invocation that the kit's function server has received. */
export interface Received {
  readonly id: number;
  readonly stream: string;
  readonly fields: Fields;
}

/** One stream of a case, as a function server. */
export interface ServerSession extends Session {
  /** The table that Welcome announced. */
  functions: readonly Fields[];
  /** Names by type index: the table's, and what the runtime defined. */
  readonly types: Map<number, string>;
}

/** What the steps of a case work on. */
export class RuntimeCase {
  /** The one that steps speak of. */
  runtime: Runtime;
  readonly trace: Trace;
  /** Stands in ids and types for "@", so that cases do not meet. */
  readonly prefix: string;
  readonly calls = new Map<string, Promise<Answer>>();
  readonly received = new Map<string, Received>();
  /** When the step before the current one began, by performance.now(). */
  stepBeforeMs = performance.now();
  readonly #startAs: StartAs<Runtime> | undefined;
  readonly #sessions = new Map<string, ServerSession>();
  readonly #closing: (() => unknown)[] = [];
  #current: ServerSession | undefined;

  constructor(
    runtime: Runtime,
    trace: Trace,
    {
      prefix,
      startAs,
    }: { readonly prefix: string; readonly startAs: StartAs<Runtime> | undefined },
  ) {
    this.runtime = runtime;
    this.trace = trace;
    this.prefix = prefix;
    this.#startAs = startAs;
  }

  /** Starts one more, until the case ends; from here on it is the one that steps speak of. */
  async startAs(told: Told): Promise<Runtime> {
    const runtime = await startWithin(this.#startAs, told);
    this.onClose(() => runtime.stop());
    this.runtime = runtime;
    return runtime;
  }

  /** Something to be done at the end of the case, the last first. */
  onClose(close: () => unknown): void {
    this.#closing.push(close);
  }

  /** Dials in, and makes the stream the current one. */
  attach(name: string, as: Dialler = {}): ServerSession {
    return this.take(name, this.runtime.attach(name, this.trace, as));
  }

  /** A stream that is open, or that the subject has opened, becomes the current one. */
  take(name: string, stream: FrameStream): ServerSession {
    const session: ServerSession = {
      stream,
      variables: new Map(),
      functions: [],
      types: new Map(),
    };
    this.#sessions.set(name, session);
    this.#current = session;
    return session;
  }

  /** @throws CaseError when no stream was opened. */
  get session(): ServerSession {
    if (this.#current === undefined) throw new CaseError("no stream: begin with attach");
    return this.#current;
  }

  /** @throws CaseError when the case has opened no such stream. */
  select(name: string): void {
    const found = this.#sessions.get(name);
    if (found === undefined) throw new CaseError(`no stream ${name} was opened`);
    this.#current = found;
  }

  get sessions(): Iterable<ServerSession> {
    return this.#sessions.values();
  }

  /** A suite's data with "@" as this case's prefix. */
  own<D extends Data>(data: D): D {
    return own(data, this.prefix) as D;
  }

  async close(): Promise<void> {
    for (const { stream } of this.#sessions.values()) stream.cancel();
    for (const close of this.#closing.reverse()) await close();
  }
}

function own(data: Data, prefix: string): Data {
  if (typeof data === "string") return data.replaceAll("@", prefix);
  if (Array.isArray(data)) return data.map((each: Data) => own(each, prefix));
  if (data === null || typeof data !== "object") return data;
  return Object.fromEntries(Object.entries(data).map(([key, each]) => [key, own(each, prefix)]));
}

/** The Welcome of the kit's function server, with a case's own fields over it. */
export function welcomeFields(overrides: { readonly [key: string]: Data }): {
  readonly [key: string]: Data;
} {
  return {
    version: 1,
    sdk_name: "conformance",
    sdk_version: "1",
    features: ["leases", "lazy-state"],
    window: { invocations: 1000, bytes: 16_777_216 },
    leased_addresses_max: 1000,
    functions: [
      {
        type_name: "conformance/@main",
        states: [
          { name: "value", typename: "conformance/bytes" },
          { name: "other", typename: "conformance/bytes" },
          { name: "lazy", typename: "conformance/bytes", lazy: true },
        ],
      },
    ],
    ...overrides,
  };
}
