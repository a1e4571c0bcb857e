import type { OpenCheckpoints } from "./cli/checkpoint-verbs.js";
import { runCommandLine } from "./cli/program.js";
import type { StartNode } from "./cli/run-verb.js";

// A reader that has seen enough (`statewire state list ... | head`) is not an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

// Loaded when it is needed: the other verbs start without the store and its native code.
const startNode: StartNode = async (options) => {
  const node = await import("./node/node.js");
  return node.startNode(options);
};

const openCheckpoints: OpenCheckpoints = async (settings, onRetry) => {
  const checkpoints = await import("./node/stored-checkpoints.js");
  return checkpoints.openStoredCheckpoints(settings, onRetry);
};

const exitCode = await runCommandLine(
  process.argv.slice(2),
  {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    workingDirectory: process.cwd(),
  },
  { startNode, openCheckpoints },
);
process.exit(exitCode);
