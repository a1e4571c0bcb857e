export type KeptValues = ReadonlyMap<string, Uint8Array | null>;

/** The states that a function server keeps under leases. */
export class KeptStates {
  /** The handshake agreed on leases. */
  isAgreed = false;
  readonly #kept = new Map<string, { readonly version: number; readonly values: KeptValues }>();

  keep(address: string, version: number, values: KeptValues): void {
    this.#kept.set(address, { version, values });
  }

  drop(address: string): void {
    this.#kept.delete(address);
  }

  /** The values at exactly that version. Whatever other version is kept, is kept no longer. */
  take(address: string, version: number): KeptValues | undefined {
    const kept = this.#kept.get(address);
    this.#kept.delete(address);
    return kept?.version === version ? kept.values : undefined;
  }
}
