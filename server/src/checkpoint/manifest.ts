import { createHash } from "node:crypto";
import * as z from "zod";
import type { TableName } from "../codec/table-layout.js";
import { formatVersion, tableNames } from "../codec/table-layout.js";
import { CheckpointError } from "./checkpoint-error.js";

/**
 * What a checkpoint consists of. docs/formats/checkpoint.md has it byte for byte.
 *
 *     line 1   JSON
 *     line 2   SHA-256 of line 1, in hexadecimal
 *
 * A manifest is written last, by a conditional put under the next number of its lineage: that put
 * makes the checkpoint exist, and fences every other writer of the lineage.
 */
export interface Manifest {
  readonly format: 1;
  readonly lineage: string;
  /** From 1, rising by one, whoever writes. */
  readonly number: number;
  /** Of the process that wrote it: a name that no other process has had. */
  readonly incarnation: string;
  /** takeover: a process has begun; it names what an earlier manifest names. */
  readonly kind: "checkpoint" | "takeover";
  /** By the writer's clock. For people and for retention by age, never for safety. */
  readonly createdAtMs: number;
  /** The state after this epoch. */
  readonly epoch: number;
  /** Version of the tables' keys and values: formatVersion of codec/table-layout.ts. */
  readonly tableFormat: number;
  /** The names of the tables, by the index that changes have. */
  readonly tables: readonly TableName[];
  /** Oldest first: one base, then deltas without a gap. None: the state before epoch 1. */
  readonly runs: readonly Run[];
}

/** Changes in order of table and key, spread over objects. */
export interface Run {
  readonly kind: "base" | "delta";
  /** Of a base 0: it holds everything. */
  readonly fromEpoch: number;
  readonly toEpoch: number;
  readonly objects: readonly StoredObject[];
}

export interface StoredObject {
  /** Below the lineage. */
  readonly key: string;
  readonly sha256: string;
  /** As stored. */
  readonly bytes: number;
  /** Of the changes in it. */
  readonly rawBytes: number;
  readonly encoding: "brotli" | "none";
}

const whole = z.number().int().nonnegative();

const objectSchema = z.object({
  key: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: whole,
  rawBytes: whole,
  encoding: z.enum(["brotli", "none"]),
});

const schema = z.object({
  format: z.literal(1),
  lineage: z.string(),
  number: whole,
  incarnation: z.string(),
  kind: z.enum(["checkpoint", "takeover"]),
  createdAtMs: whole,
  epoch: whole,
  tableFormat: whole,
  tables: z.array(z.enum(tableNames)),
  runs: z.array(
    z.object({
      kind: z.enum(["base", "delta"]),
      fromEpoch: whole,
      toEpoch: whole,
      objects: z.array(objectSchema),
    }),
  ),
});

export function encodeManifest(manifest: Manifest): Buffer {
  const line = JSON.stringify(manifest);
  return Buffer.from(`${line}\n${hashOf(Buffer.from(line))}\n`);
}

/**
 * @param name - For messages.
 * @throws CheckpointError CORRUPT, FORMAT_UNKNOWN
 */
export function decodeManifest(bytes: Buffer, name: string): Manifest {
  const end = bytes.indexOf("\n");
  const line = bytes.subarray(0, Math.max(end, 0));
  if (end < 0 || bytes.toString("latin1", end + 1) !== `${hashOf(line)}\n`) {
    throw new CheckpointError("CORRUPT", `${name} is damaged: it does not verify`);
  }
  const parsed: unknown = JSON.parse(line.toString());
  const { format, tableFormat } = z.object({ format: whole, tableFormat: whole }).parse(parsed);
  if (format !== 1 || tableFormat !== formatVersion) {
    const found = `format ${format} with tables of format ${tableFormat}`;
    const read = `this version reads 1 with ${formatVersion}`;
    throw new CheckpointError("FORMAT_UNKNOWN", `${name} has ${found}; ${read}`);
  }
  return schema.parse(parsed) as Manifest;
}

export function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Objects of every run, in order. */
export function objectsOf({ runs }: Manifest): readonly StoredObject[] {
  return runs.flatMap(({ objects }) => objects);
}
