import { decisionPlants } from "./planted-decisions.js";
import { storagePlants } from "./planted-storage.js";
import type { Seams } from "./seams.js";

/** A bug that is planted to see whether it is found. */
export interface PlantedBug {
  readonly name: string;
  /** What it breaks, in a sentence. */
  readonly breaks: string;
  /** The check that must find it: what the problem says. */
  readonly foundBy: RegExp;
  /** The bug, for one world. */
  readonly seams: () => Seams;
}

/** Each breaks one promise, at a seam between two parts of the system: none is inside of them. */
export const plantedBugs: readonly PlantedBug[] = [...decisionPlants, ...storagePlants];

/** @throws Error when there is none of that name. */
export function plantedBug(name: string): PlantedBug {
  const found = plantedBugs.find((bug) => bug.name === name);
  if (found === undefined) throw new Error(`no planted bug is "${name}"`);
  return found;
}
