/** Frames looked at in one turn of the event loop. */
const framesPerTurn = 4;

/**
 * Frames that arrive together are looked at a few per turn, so that what the first ones cause leaves
 * while the later ones wait. Without that, two busy processes take turns: each empties its inbox
 * while the other has nothing to do. A frame that arrives alone is looked at at once.
 */
export class FrameInbox {
  readonly #receive: (frame: Buffer) => void;
  #frames: Buffer[] = [];
  #at = 0;
  /** Frames that this turn may still look at. */
  #budget = framesPerTurn;
  #scheduled = false;

  /** `receive` must not throw. */
  constructor(receive: (frame: Buffer) => void) {
    this.#receive = receive;
  }

  push(frame: Buffer): void {
    this.#schedule();
    if (this.#budget === 0 || this.#at < this.#frames.length) {
      this.#frames.push(frame);
      return;
    }
    this.#budget--;
    this.#receive(frame);
  }

  /** Looks at everything that has arrived: the stream has ended behind it. */
  flush(): void {
    while (this.#at < this.#frames.length) this.#receive(this.#frames[this.#at++] as Buffer);
    this.#frames = [];
    this.#at = 0;
  }

  /** Forgets what has arrived: the stream is gone. */
  close(): void {
    this.#frames = [];
    this.#at = 0;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#scheduled = false;
    this.#budget = framesPerTurn;
    while (this.#budget > 0 && this.#at < this.#frames.length) {
      this.#budget--;
      this.#receive(this.#frames[this.#at++] as Buffer);
    }
    if (this.#at < this.#frames.length) this.#schedule();
    else if (this.#at > 0) {
      this.#frames = [];
      this.#at = 0;
    }
  }
}
