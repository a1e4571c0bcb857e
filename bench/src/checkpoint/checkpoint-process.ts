import { serveCommands } from "../process/command-server.js";
import { measureRestore, measureWriting } from "./checkpoint-trial.js";
import { measureRawStore } from "./raw-store.js";
import { measureRawTables } from "./raw-tables.js";
import { fillDataDirectory } from "./rows.js";

/** A process for one measurement: what the one before has left is no pause of this one's. */
export const checkpointCommands = {
  fillDataDirectory,
  measureRawStore,
  measureRawTables,
  measureWriting,
  measureRestore,
};
export type CheckpointCommands = typeof checkpointCommands;

serveCommands(checkpointCommands);
// The threads of a checkpoint do not keep a process alive that waits for them.
setInterval(() => undefined, 60_000);
