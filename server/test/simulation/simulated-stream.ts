import type { FunctionSpec } from "@statewire/protos/statewire/v1/stream.js";
import { ResultDecoder } from "../../src/codec/result-decoder.js";
import type { Command } from "../../src/core/command.js";
import { StreamSession } from "../../src/dispatch/stream-session.js";
import { FrameChannel } from "./frame-channel.js";
import { FunctionServer } from "./function-server.js";
import type { Scope } from "./timeline.js";
import type { World } from "./world.js";

export interface SimulatedStreamOptions {
  readonly world: World;
  readonly session: number;
  readonly table: readonly FunctionSpec[];
  /** Of the node. */
  readonly scope: Scope;
  readonly failures: Map<string, number>;
  readonly submit: (command: Command) => void;
  /** The stream is gone; it may be dialled again. */
  readonly onEnd: () => void;
}

/** One stream: the runtime's end of it, a function server, and what is on its way between them. */
export class SimulatedStream {
  readonly session: StreamSession;
  readonly server: FunctionServer;
  readonly #options: SimulatedStreamOptions;
  readonly #toServer: FrameChannel;
  readonly #toRuntime: FrameChannel;
  /** Ends when the server is gone. */
  readonly #serverScope: Scope;
  #isOver = false;

  constructor(options: SimulatedStreamOptions) {
    const { world, session, table, scope, failures, submit } = options;
    const { random, timeline, limits } = world;
    this.#options = options;
    this.#serverScope = timeline.scope();
    const name = `stream ${session}`;
    this.#toRuntime = new FrameChannel({
      name: `${name}: a frame to the runtime`,
      scope,
      random,
      receive: (frame) => this.session.receive(frame),
    });
    this.#toServer = new FrameChannel({
      name: `${name}: a frame to the server`,
      scope: this.#serverScope,
      random,
      receive: (frame) => this.server.receive(frame),
    });
    const send = (frame: Buffer) => this.#toRuntime.send(frame);
    const parts = { ...world, session, table, scope: this.#serverScope, failures, send };
    this.server = new FunctionServer(parts);
    const { valueBytesMax = 0, idBytesMax = 0, effectsMax = 0 } = limits.hello.limits ?? {};
    this.session = new StreamSession({
      id: session,
      hello: limits.hello,
      decoder: new ResultDecoder({ valueBytesMax, idBytesMax, effectsMax }),
      transport: {
        write: (frame) => this.#toServer.send(frame),
        end: () => this.#halfClosed(),
      },
      submit,
      onReady: ({ functions }) => functions,
      onAttached: () => world.log.add(name, "is in use"),
      onDraining: () => undefined,
      onProtocolError: ({ clause, message, from }) => {
        world.log.add(name, `${from} ended it: [${clause}] ${message}`);
      },
    });
  }

  /** The server does something that nobody asked it for. */
  stir(): void {
    if (!this.#isOver && !this.session.isHandshaking) this.server.stir();
  }

  /** The node is gone: the server hears nothing of it any more. */
  abandon(): void {
    this.#isOver = true;
    this.#serverScope.end();
  }

  /** The server dies, or the network between. Some of what is on its way still arrives. */
  cut(): void {
    if (this.#isOver) return;
    const { world, scope } = this.#options;
    const { random, faults } = world;
    this.#isOver = true;
    this.#serverScope.end();
    const sent = this.#toRuntime.cut();
    const arrived = random.below(sent.length + 1);
    scope.after(random.below(20), `stream ${this.session.id}: its end is noticed`, () => {
      for (const frame of sent.slice(0, arrived)) this.session.receive(frame);
      this.session.lost();
      if (arrived < sent.length && faults.happens("frames of a lost stream", 2)) {
        for (const frame of sent.slice(arrived)) this.session.receive(frame);
      }
      this.#options.onEnd();
    });
  }

  /** The runtime writes nothing more. The server ends the call once it has read everything. */
  #halfClosed(): void {
    const { random } = this.#options.world;
    this.#serverScope.after(random.between(15, 40), `stream ${this.session.id} closes`, () =>
      this.cut(),
    );
  }
}
