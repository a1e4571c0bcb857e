/**
 * What the journal needs of a disk. Two exist: the system's, and the simulation's, on which what is
 * not durable gets lost.
 *
 * The content of a file is durable when a write() or preallocate() is done; its name only after
 * syncNames() of its directory. Errors are those of the system.
 */
export interface Disk {
  /** The names of the files in a directory, in no order. */
  names(directory: string): readonly string[];
  size(path: string): number;
  /** The whole file, or no more than its first bytes. */
  read(path: string, bytesMax?: number): Buffer;
  /** Fills the buffer from a position in the file on. Returns the part that it has filled. */
  readInto(buffer: Buffer, path: string, from: number): Buffer;
  remove(path: string): void;
  rename(from: string, to: string): void;
  /**
   * Creates a file of zeros: the blocks are there, so that later writes change data alone. Leaves no
   * file behind when there is no room for it.
   */
  preallocate(path: string, bytes: number): void;
  /** As preallocate(), without holding up the loop. */
  preallocateAside(path: string, bytes: number): Promise<void>;
  syncNames(directory: string): void;
  /** Opens a file that exists. */
  open(path: string): DiskFile;
  /** Bytes that nobody can foresee. */
  randomBytes(count: number): Buffer;
}

/** A file that is open for writing. One write at a time. */
export interface DiskFile {
  readonly bytes: number;
  /** Durable when it returns. */
  writeSync(data: Buffer, at: number): void;
  /** Durable when it calls back without an error. The data must not change until then. */
  write(data: Buffer, at: number, callback: (error: Error | null) => void): void;
  close(): void;
}
