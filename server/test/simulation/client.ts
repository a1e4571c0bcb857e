import type { Failure } from "../../src/core/effect.js";
import type { IngressPort } from "../../src/ingress/ingress-port.js";
import { formatProgram } from "./program.js";
import { createRoot, type Root, requestOf } from "./root.js";
import { replyText } from "./simulated-function.js";
import type { Scope } from "./timeline.js";
import type { World } from "./world.js";

export interface ClientOptions {
  readonly world: World;
  readonly name: string;
  readonly count: number;
  /** Between two requests, in milliseconds. */
  readonly spacingMs: number;
  /** With a key, a request that nobody has answered is made again; without, never. */
  readonly hasKeys: boolean;
}

interface Request {
  readonly root: Root;
  readonly isCall: boolean;
  /** Of a send. */
  readonly delayMs: number;
  isAnswered: boolean;
}

/** Somebody who makes requests, sends and calls, in no order among one another. */
export class Client {
  readonly #options: ClientOptions;
  readonly #requests: Request[] = [];
  #port: IngressPort | null = null;
  #scope: Scope | null = null;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  get roots(): readonly Root[] {
    return this.#requests.map(({ root }) => root);
  }

  /** Nothing is left to be made or waited for. */
  get isDone(): boolean {
    const { count, hasKeys } = this.#options;
    if (this.#requests.length < count) return false;
    return this.#requests.every(
      ({ isAnswered, root }) => isAnswered || (!hasKeys && root.fate === "open"),
    );
  }

  /** The node is up. */
  connect(port: IngressPort, scope: Scope): void {
    this.#port = port;
    this.#scope = scope;
    for (const request of this.#requests) {
      if (request.isAnswered) continue;
      if (this.#options.hasKeys) this.#make(request);
    }
    this.#wake(port, scope);
  }

  /** Plans the next new request. */
  #wake(port: IngressPort, scope: Scope): void {
    const { name, count, spacingMs, world } = this.#options;
    if (!scope.isAlive || this.#requests.length >= count) return;
    if (!port.accepting()) {
      void port.whenAccepting().then(() => this.#wake(port, scope));
      return;
    }
    scope.after(world.random.below(spacingMs + 1), `${name} may ask`, () => {
      if (port.accepting()) this.#make(this.#create());
      this.#wake(port, scope);
    });
  }

  /** By chance: nobody knows what has become of the request, and it is made again. */
  #stir(request: Request): void {
    const { name, world, hasKeys } = this.#options;
    if (!hasKeys || !world.faults.happens("request again", 4)) return;
    const delayMs = world.random.pick([0, 5, 200]);
    this.#scope?.after(delayMs, `${name} asks again`, () => this.#make(request));
  }

  #create(): Request {
    const { world, name } = this.#options;
    const id = `${name}-${this.#requests.length + 1}`;
    const root = createRoot(world, { source: name, id, number: 0 });
    const isCall = world.random.oneIn(2);
    const delayMs = isCall || world.random.oneIn(2) ? 0 : world.random.between(1, 200);
    const request = { root, isCall, delayMs, isAnswered: false };
    this.#requests.push(request);
    const { to, letter } = root;
    const how = isCall ? "calls" : `sends after ${delayMs} ms`;
    world.log.add(name, `${id} ${how} ${to}: ${formatProgram(letter.program)}`);
    return request;
  }

  #make(request: Request): void {
    const { hasKeys } = this.#options;
    const { root, isCall, delayMs } = request;
    const { id } = root.letter.program;
    if (!request.isAnswered) root.fate = hasKeys ? "sure" : "open";
    this.#stir(request);
    const once = hasKeys ? ({ kind: "key", key: `key of ${id}` } as const) : null;
    if (isCall) this.#call(request, once);
    else {
      this.#port?.send({ ...requestOf(root), delayMs, once }, (outcome) => {
        const { verdict, faults } = this.#options.world;
        if (outcome.kind === "rejected") return verdict.fail(`${id}: ${outcome.message}`);
        verdict.check(once !== null || !outcome.duplicate, `${id} has no key, and is a duplicate`);
        if (outcome.duplicate) faults.note("duplicate acknowledged");
        this.#answered(request, "is confirmed");
      });
    }
  }

  #call(request: Request, once: { readonly kind: "key"; readonly key: string } | null): void {
    const { world } = this.#options;
    const { to, letter } = request.root;
    const { id } = letter.program;
    this.#port?.call({ ...requestOf(request.root), once }, (outcome) => {
      if (outcome.kind === "rejected") {
        const { code, message } = outcome;
        world.verdict.check(code === "unavailable", `${id}: ${message}`);
        this.#failed(request, { code, message });
        return;
      }
      const { value, failure } = outcome.reply;
      if (failure !== null) {
        this.#failed(request, failure);
        return;
      }
      const text = value === null ? "nothing" : Buffer.from(value.value ?? []).toString();
      const expected = replyText(to, letter.program);
      world.verdict.check(text === expected, `${id} is answered ${text}, not ${expected}`);
      if (request.isAnswered) world.faults.note("reply from memory");
      this.#answered(request, `is answered ${text}`);
    });
  }

  /**
   * The address is parked, or nobody serves its type. The call itself may be what it is parked for;
   * otherwise it was not taken.
   */
  #failed(request: Request, { code, message }: Failure): void {
    const { hasKeys, world, name } = this.#options;
    const { root } = request;
    world.faults.note("call that fails");
    if (hasKeys && !world.gone.has(root.letter.program.id)) {
      world.log.add(name, `${root.letter.program.id} has failed, ${code}: ${message}`);
      const again = `${name} asks again`;
      this.#scope?.after(200, again, () => this.#make(request));
      return;
    }
    this.#answered(request, `has failed, ${code}: ${message}`);
    if (hasKeys) return;
    if (code === "parked" || code === "unavailable") root.fate = "unsent";
  }

  #answered(request: Request, how: string): void {
    const { world, name } = this.#options;
    world.log.add(name, `${request.root.letter.program.id} ${how}`);
    request.isAnswered = true;
    request.root.fate = "sure";
  }
}
