/** How an operator asks for a checkpoint, and what is known of those that were written. */
export interface CheckpointPort {
  /** Resolves when a checkpoint holds everything decided before the call. Rejects when the node stops. */
  create(): Promise<CreatedCheckpoint>;
}

export interface CreatedCheckpoint {
  readonly number: number;
  readonly epoch: number;
  /** "base", "delta", or "nothing": an earlier checkpoint held everything. */
  readonly kind: string;
  /** Put into the store. */
  readonly bytes: number;
  readonly durationMs: number;
}
