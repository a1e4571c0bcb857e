import type { AdvanceCommand, Command, SendCommand } from "../../src/core/command.js";
import { type IngressPort, IngressRequests } from "../../src/ingress/ingress-port.js";

export interface LoggedMessage {
  readonly typeName: string;
  readonly id: string;
  readonly typename: string;
  readonly text: string;
  readonly bytes: Uint8Array | null;
  readonly sequence: number;
}

export interface MessageLogNodeOptions {
  /** What an earlier node made durable. */
  readonly history?: readonly LoggedMessage[];
  /** Where it stood then; without it, at the last of the messages. */
  readonly position?: number;
  /** Messages of one epoch, at most. */
  readonly epochMessagesMax?: number;
  /** The node dies when so many messages are durable. */
  readonly messagesUntilCrash?: number;
}

/**
 * A node that does nothing with messages but keep them, by the rules of the ingress port: a
 * sequence that is not higher than the source's last is a duplicate; answers come after an epoch
 * is durable, later; a crash loses what no epoch holds, and every answer.
 */
export class MessageLogNode {
  readonly requests: IngressRequests;
  readonly crashed: Promise<void>;
  /** Function types that nobody serves. */
  readonly unknownTypes = new Set<string>();
  /** The most messages that waited for an answer at a time. */
  outstandingMax = 0;
  duplicates = 0;
  readonly #options: MessageLogNodeOptions;
  readonly #durable: LoggedMessage[];
  readonly #open: {
    readonly command: SendCommand | AdvanceCommand;
    readonly duplicate: boolean;
  }[] = [];
  #position = 0;
  #durablePosition = 0;
  #isDead = false;
  #isCommitting = false;
  #isHeld = false;
  #resolveCrashed: () => void = () => undefined;
  #watchers: (() => void)[] = [];

  constructor(options: MessageLogNodeOptions = {}) {
    this.#options = options;
    this.#durable = [...(options.history ?? [])];
    this.#position = options.position ?? this.#durable.at(-1)?.sequence ?? 0;
    this.#durablePosition = this.#position;
    this.requests = new IngressRequests(
      (command) => this.#submit(command),
      () => this.#position,
    );
    this.crashed = new Promise((resolve) => {
      this.#resolveCrashed = resolve;
    });
  }

  get port(): IngressPort {
    return this.requests;
  }

  get durable(): readonly LoggedMessage[] {
    return this.#durable;
  }

  /** Where the source stands, as far as it is durable. */
  get position(): number {
    return this.#durablePosition;
  }

  /** No epoch becomes durable until release(). */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#commitSoon();
  }

  /** Resolves when so many messages are durable. */
  async whenDurable(count: number): Promise<void> {
    while (this.#durable.length < count) await this.change();
  }

  /** Resolves at the next message or epoch. */
  change(): Promise<void> {
    return new Promise((resolve) => this.#watchers.push(resolve));
  }

  #submit(command: Command): void {
    if (this.#isDead || (command.kind !== "send" && command.kind !== "advance")) return;
    if (command.kind === "send" && this.unknownTypes.has(command.typeName)) {
      const message = `unknown function type ${command.typeName}; known: none`;
      const rejected = { request: command.request, code: "notFound", message } as const;
      setImmediate(() => {
        this.requests.rejected([rejected]);
        this.#notify();
      });
      return;
    }
    const sequence = sequenceOf(command);
    const duplicate = sequence <= this.#position;
    if (duplicate) this.duplicates++;
    else this.#position = sequence;
    this.#open.push({ command, duplicate });
    this.outstandingMax = Math.max(this.outstandingMax, this.requests.pendingCount);
    this.#notify();
    this.#commitSoon();
  }

  #commitSoon(): void {
    if (this.#isCommitting || this.#isHeld) return;
    this.#isCommitting = true;
    setImmediate(() => {
      this.#isCommitting = false;
      if (!this.#isHeld) this.#commit();
    });
  }

  #commit(): void {
    if (this.#isDead) return;
    const epoch = this.#open.splice(0, this.#options.epochMessagesMax ?? 100);
    for (const { command, duplicate } of epoch) {
      if (!duplicate && command.kind === "send") this.#durable.push(toLogged(command));
      this.#durablePosition = Math.max(this.#durablePosition, sequenceOf(command));
      if (this.#durable.length >= (this.#options.messagesUntilCrash ?? Number.POSITIVE_INFINITY)) {
        this.#isDead = true;
        this.#resolveCrashed();
        return;
      }
    }
    this.requests.acknowledged(
      epoch.map(({ command, duplicate }) => ({ request: command.request, duplicate })),
    );
    this.#notify();
    if (this.#open.length > 0) this.#commitSoon();
  }

  #notify(): void {
    const watchers = this.#watchers;
    this.#watchers = [];
    for (const resolve of watchers) resolve();
  }
}

function sequenceOf(command: SendCommand | AdvanceCommand): number {
  if (command.kind === "advance") return command.sequence;
  const { once } = command;
  if (once?.kind !== "sequence") throw new Error("a file's message has a sequence");
  return once.sequence;
}

function toLogged(command: SendCommand): LoggedMessage {
  const { typename, value } = command.message;
  return {
    typeName: command.typeName,
    id: command.id,
    typename,
    text: Buffer.from(value ?? []).toString("utf8"),
    bytes: value,
    sequence: sequenceOf(command),
  };
}
