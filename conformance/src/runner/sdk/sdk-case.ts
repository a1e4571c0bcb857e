import type { Fields } from "../../protocol/protocol.js";
import type { FunctionServer } from "../../subject/function-server.js";
import type { StartAs, Told } from "../../subject/told.js";
import type { Data } from "../../suite/data.js";
import type { FrameStream } from "../../wire/frame-stream.js";
import type { Trace } from "../../wire/trace.js";
import type { Session } from "../session.js";
import { startWithin } from "../start-within.js";
import { CaseError, defaultLimits } from "../values.js";

/** Short names of the function types that every subject offers. */
const shortNames: { readonly [typeName: string]: string } = {
  "conformance/interpreter": "interpreter",
  "conformance/limited": "limited",
  "conformance.any/*": "any",
};

/** One stream of a case, with what its handshake agreed. */
export interface SdkSession extends Session {
  welcome: Fields;
  nextInvocation: number;
  /** Results give their credit back at once; a case that sets its own credit keeps it. */
  returnsCredit: boolean;
  /** What the last result step saw. */
  lastResult: Fields;
}

/** What the steps of a case work on. */
export class SdkCase {
  /** The one that steps speak of. */
  server: FunctionServer;
  readonly trace: Trace;
  readonly #startAs: StartAs<FunctionServer> | undefined;
  readonly #sessions = new Map<string, SdkSession>();
  readonly #closing: (() => unknown)[] = [];
  #current: SdkSession | undefined;

  constructor(server: FunctionServer, trace: Trace, startAs?: StartAs<FunctionServer>) {
    this.server = server;
    this.trace = trace;
    this.#startAs = startAs;
  }

  /** Starts one more, until the case ends; from here on it is the one that steps speak of. */
  async startAs(told: Told): Promise<FunctionServer> {
    const server = await startWithin(this.#startAs, told);
    this.onClose(() => server.stop());
    this.server = server;
    return server;
  }

  /** Something to be done at the end of the case, the last first. */
  onClose(close: () => unknown): void {
    this.#closing.push(close);
  }

  /** Opens a stream and makes it the current one. */
  open(name: string): SdkSession {
    return this.take(name, this.server.open(name, this.trace));
  }

  /** A stream that is open, or that the subject has opened, becomes the current one. */
  take(name: string, stream: FrameStream): SdkSession {
    const session = {
      stream,
      variables: new Map<string, number>(),
      welcome: {},
      nextInvocation: 1,
      returnsCredit: true,
      lastResult: {},
    };
    this.#sessions.set(name, session);
    this.#current = session;
    return session;
  }

  /** The stream that steps speak of. The first one opens by itself. */
  get session(): SdkSession {
    return this.#current ?? this.open("stream");
  }

  /** @throws CaseError when the case has opened no such stream. */
  select(name: string): void {
    const found = this.#sessions.get(name);
    if (found === undefined) throw new CaseError(`no stream ${name} was opened`);
    this.#current = found;
  }

  get sessions(): Iterable<SdkSession> {
    return this.#sessions.values();
  }

  /** Cuts what is still open. */
  async close(): Promise<void> {
    for (const { stream } of this.#sessions.values()) stream.cancel();
    for (const close of this.#closing.reverse()) await close();
  }
}

/** A Hello that asks for nothing unusual, with a case's own fields over it. */
export function helloFields(overrides: { readonly [key: string]: Data }): Fields {
  const { limits, ...rest } = overrides as { limits?: Fields };
  return {
    versions: [1],
    runtime_name: "conformance",
    runtime_version: "1",
    node_id: "conformance-node",
    features: ["leases", "lazy-state"],
    limits: { ...defaultLimits, ...limits },
    ...rest,
  };
}

/** Names what the table announces: `$interpreter`, `$value` (its states), `$limited`... */
export function nameTable(session: SdkSession, welcome: Fields): void {
  session.welcome = welcome;
  const functions = (welcome["functions"] ?? []) as readonly Fields[];
  session.variables.set("next", functions.length + 1);
  for (const [at, spec] of functions.entries()) {
    const short = shortNames[String(spec["type_name"])];
    if (short === undefined) continue;
    session.variables.set(short, at + 1);
    const states = (spec["states"] ?? []) as readonly Fields[];
    for (const [index, state] of states.entries()) {
      const name = String(state["name"]);
      session.variables.set(short === "interpreter" ? name : `${short}.${name}`, index);
    }
  }
}
