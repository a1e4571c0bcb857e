import type { CheckpointChoice } from "../codec/checkpoint-choice.js";
import { CheckpointError } from "./checkpoint-error.js";
import type { Lineage } from "./lineage.js";
import type { Manifest } from "./manifest.js";
import { verifyCheckpoint } from "./verify.js";

/** @throws CheckpointError NOT_FOUND, CORRUPT, FORMAT_UNKNOWN */
export async function findCheckpoint(
  lineage: Lineage,
  choice: CheckpointChoice,
): Promise<Manifest> {
  if (choice.kind === "number") return lineage.read(choice.number);
  const numbers = await lineage.numbers();
  if (choice.kind === "latest") {
    const last = numbers.at(-1);
    if (last !== undefined) return lineage.read(last);
    throw new CheckpointError("NOT_FOUND", `there is no checkpoint in ${lineage.address}`);
  }
  for (const number of numbers.reverse()) {
    const manifest = await lineage.read(number);
    if (manifest.kind === "checkpoint" && manifest.createdAtMs <= choice.timeMs) return manifest;
  }
  const time = new Date(choice.timeMs).toISOString();
  throw new CheckpointError(
    "NOT_FOUND",
    `${lineage.address} has no checkpoint from before ${time}`,
  );
}

/** The newest checkpoint of which every object is as it was written; undefined: there is none. */
export async function newestGoodCheckpoint(lineage: Lineage): Promise<Manifest | undefined> {
  for (const number of (await lineage.numbers()).reverse()) {
    const verified = await verifyCheckpoint(lineage, number);
    if (verified.manifest !== null && verified.damage.length === 0) return verified.manifest;
  }
  return undefined;
}
