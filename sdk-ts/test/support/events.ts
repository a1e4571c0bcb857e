import type { ServeEvent } from "../../src/index.js";

/** What a server reports, to be waited for. */
export class Events {
  readonly all: ServeEvent[] = [];
  readonly #waiting: { kind: ServeEvent["kind"]; resolve: (event: ServeEvent) => void }[] = [];

  readonly record = (event: ServeEvent): void => {
    this.all.push(event);
    const index = this.#waiting.findIndex(({ kind }) => kind === event.kind);
    if (index !== -1) {
      this.#waiting.splice(index, 1)[0]?.resolve(event);
    }
  };

  /** The first event of the kind, past or future. */
  next<Kind extends ServeEvent["kind"]>(kind: Kind): Promise<Extract<ServeEvent, { kind: Kind }>> {
    const past = this.all.find((event) => event.kind === kind);
    return new Promise((resolve) => {
      const settle = (event: ServeEvent): void =>
        resolve(event as Extract<ServeEvent, { kind: Kind }>);
      if (past === undefined) {
        this.#waiting.push({ kind, resolve: settle });
      } else {
        settle(past);
      }
    });
  }
}
