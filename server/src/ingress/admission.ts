import type { IngressPort } from "./ingress-port.js";
import type { Refusal } from "./refusal.js";

/**
 * One request, or one stream of them, from its arrival until its answer.
 *
 * Exactly one of these happens first: admitted(), refused(). After admitted(), refused() is called
 * only when the node stops before the visit has left.
 */
export interface Visit {
  /** The admission's own: where it keeps the visit. {@link outside} at first. */
  place: number;
  /** The node takes the request now. */
  admitted(port: IngressPort): void;
  /** The visit is over; it must not leave. */
  refused(refusal: Refusal): void;
  /** The node is going to stop: a stream takes nothing more, and leaves when all is answered. */
  closing?(): void;
}

export interface AdmissionOptions {
  /** How long a request waits while the node is full, in milliseconds. */
  readonly admissionTimeoutMs: number;
  /** Requests that may wait at a time; more are refused at once. */
  readonly admissionWaitingMax: number;
  /** What these may hold in memory, in bytes; one may hold more while no other waits. */
  readonly admissionBytesMax: number;
}

interface Waiting {
  readonly timer: NodeJS.Timeout;
  readonly bytes: number;
}

/** The place of a visit that is not inside. */
export const outside = -1;

const starting: Refusal = { kind: "unavailable", message: "the node is starting" };
const stopping: Refusal = { kind: "unavailable", message: "the node is stopping" };

/**
 * The door that every request from outside passes, whatever API it came by.
 *
 * STATES: starting (refuses) -> open -> closing (refuses, the visits inside may finish) -> closed.
 * While it is open and the port does not accept, visits wait in order of arrival, for a bounded
 * time, in bounded number, and with bounded memory.
 */
export class Admission {
  readonly #port: IngressPort;
  readonly #options: AdmissionOptions;
  /** By place. No set: see PendingRequests for what a set would keep alive. */
  readonly #inside: Visit[] = [];
  readonly #waiting = new Map<Visit, Waiting>();
  #waitingBytes = 0;
  #state: "starting" | "open" | "closing" | "closed" = "starting";
  #isWatching = false;
  #emptied: (() => void) | null = null;

  constructor(port: IngressPort, options: AdmissionOptions) {
    this.#port = port;
    this.#options = options;
  }

  /** From now on requests are taken. Called once, when recovery is done. */
  open(): void {
    if (this.#state === "starting") this.#state = "open";
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** Visits that are inside or wait. */
  get visitCount(): number {
    return this.#inside.length + this.#waiting.size;
  }

  /**
   * Calls admitted() or refused(): now when that is already clear, else later.
   * @param bytes - What the visit holds in memory while it waits.
   */
  enter(visit: Visit, bytes: number): void {
    if (this.#state !== "open") {
      visit.refused(this.#state === "starting" ? starting : stopping);
    } else if (this.#port.accepting() && this.#waiting.size === 0) {
      this.#admit(visit);
    } else {
      this.#wait(visit, bytes);
    }
  }

  /** As enter, for a stream: it comes in while the node is full, and reads nothing until it is not. */
  enterStream(visit: Visit): void {
    if (this.#state === "open") this.#admit(visit);
    else visit.refused(this.#state === "starting" ? starting : stopping);
  }

  /** The visit is answered, or nobody waits for its answer. Harmless when it is not inside. */
  leave(visit: Visit): void {
    if (visit.place !== outside) this.#remove(visit);
    else if (this.#waiting.size > 0) this.#stopWaiting(visit);
    if (this.visitCount === 0) this.#emptied?.();
  }

  /**
   * Refuses what arrives and what waits, lets what is inside finish, and refuses what has not
   * finished within the time. Resolves when nobody is inside.
   */
  async close(timeLimitMs: number): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closing";
    for (const visit of this.#takeWaiting()) visit.refused(stopping);
    for (const visit of [...this.#inside]) visit.closing?.();
    if (this.#inside.length > 0) await this.#whenEmpty(timeLimitMs);
    this.#state = "closed";
    for (const visit of this.#inside.splice(0)) {
      visit.place = outside;
      const message = `${stopping.message}; whether the message was taken is not known`;
      visit.refused({ kind: "unavailable", message });
    }
  }

  #admit(visit: Visit): void {
    visit.place = this.#inside.push(visit) - 1;
    visit.admitted(this.#port);
  }

  /** The last one takes its place. */
  #remove(visit: Visit): void {
    const last = this.#inside.pop();
    if (last !== undefined && last !== visit) {
      this.#inside[visit.place] = last;
      last.place = visit.place;
    }
    visit.place = outside;
  }

  #wait(visit: Visit, bytes: number): void {
    const { admissionTimeoutMs } = this.#options;
    const full = this.#whyFull(bytes);
    if (full !== null) {
      visit.refused({ kind: "overloaded", message: `the node is full: ${full}` });
      return;
    }
    const timer = setTimeout(() => {
      this.#stopWaiting(visit);
      const message = `the node is full: no room within admissionTimeoutMs ${admissionTimeoutMs}`;
      visit.refused({ kind: "overloaded", message });
    }, admissionTimeoutMs);
    this.#waiting.set(visit, { timer, bytes });
    this.#waitingBytes += bytes;
    if (!this.#isWatching) void this.#watch();
  }

  /** Null: there is room for one more that holds so many bytes. */
  #whyFull(bytes: number): string | null {
    const { admissionWaitingMax, admissionBytesMax } = this.#options;
    if (this.#waiting.size >= admissionWaitingMax)
      return `admissionWaitingMax ${admissionWaitingMax} requests wait`;
    const wouldHold = this.#waitingBytes + bytes;
    if (this.#waiting.size === 0 || wouldHold <= admissionBytesMax) return null;
    return `what waits would hold ${wouldHold} bytes, and admissionBytesMax is ${admissionBytesMax}`;
  }

  #stopWaiting(visit: Visit): void {
    const waiting = this.#waiting.get(visit);
    if (waiting === undefined) return;
    clearTimeout(waiting.timer);
    this.#waiting.delete(visit);
    this.#waitingBytes -= waiting.bytes;
  }

  /** Lets waiting visits in, as many as the port accepts each time that it does. */
  async #watch(): Promise<void> {
    this.#isWatching = true;
    while (this.#waiting.size > 0) {
      await this.#port.whenAccepting();
      for (const visit of this.#waiting.keys()) {
        if (!this.#port.accepting()) break;
        this.#stopWaiting(visit);
        this.#admit(visit);
      }
    }
    this.#isWatching = false;
  }

  #takeWaiting(): Visit[] {
    const visits = [...this.#waiting.keys()];
    for (const visit of visits) this.#stopWaiting(visit);
    return visits;
  }

  #whenEmpty(timeLimitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeLimitMs);
      this.#emptied = () => {
        clearTimeout(timer);
        this.#emptied = null;
        resolve();
      };
    });
  }
}
