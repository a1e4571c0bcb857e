import type { Fields } from "../../protocol/protocol.js";
import type { Answer } from "../../subject/function-server.js";
import type { Runtime } from "../../subject/runtime.js";
import type { Data } from "../../suite/data.js";
import type { Trace } from "../../wire/trace.js";
import type { Session } from "../session.js";
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
  readonly runtime: Runtime;
  readonly trace: Trace;
  /** Stands in ids and types for "@", so that cases do not meet. */
  readonly prefix: string;
  readonly calls = new Map<string, Promise<Answer>>();
  readonly received = new Map<string, Received>();
  /** When the step before the current one began, by performance.now(). */
  stepBeforeMs = performance.now();
  readonly #sessions = new Map<string, ServerSession>();
  #current: ServerSession | undefined;

  constructor(runtime: Runtime, trace: Trace, prefix: string) {
    this.runtime = runtime;
    this.trace = trace;
    this.prefix = prefix;
  }

  /** Dials in, and makes the stream the current one. */
  attach(name: string): ServerSession {
    const session: ServerSession = {
      stream: this.runtime.attach(name, this.trace),
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

  close(): void {
    for (const { stream } of this.#sessions.values()) stream.cancel();
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
