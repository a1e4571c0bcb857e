import { AdminService } from "@statewire/protos/statewire/v1/admin.js";
import { type Command, InvalidArgumentError } from "commander";
import {
  type CheckpointChoice,
  checkpointChoiceSyntax,
  parseCheckpointChoice,
} from "../codec/checkpoint-choice.js";
import type { Settings } from "../settings.js";
import {
  formatDifference,
  formatDifferenceJson,
  formatListed,
  formatVerified,
  type StateDifferenceText,
} from "./checkpoint-text.js";
import { CommandError, isBug } from "./command-error.js";
import { withNode } from "./node-client.js";
import { addNodeOptions, addStoreOptions, readSettings } from "./settings-options.js";
import { note, print, type Terminal } from "./terminal.js";

/** The checkpoints in a store, without a node. */
export interface StoredCheckpoints {
  /** For messages: store and lineage. */
  readonly address: string;
  /** Oldest first. */
  list(): Promise<readonly ListedCheckpoint[]>;
  /** Reads everything that one checkpoint names, or all do. */
  verify(number: number | null): Promise<readonly VerifiedCheckpoint[]>;
  /** Fills the data directory of the settings. `as`: the name of a new lineage; null: the same. */
  restore(choice: CheckpointChoice, as: string | null): Promise<RestoredCheckpoint>;
  diff(
    before: CheckpointChoice,
    after: CheckpointChoice,
    tell: (difference: StateDifferenceText) => Promise<void>,
  ): Promise<void>;
  close(): void;
}

/** Opens the store that the settings name. `onRetry`: it did not answer, and is asked again. */
export type OpenCheckpoints = (
  settings: Settings,
  onRetry: (reason: string) => void,
) => Promise<StoredCheckpoints>;

export interface ListedCheckpoint {
  readonly number: number;
  /** "checkpoint"; "takeover": a node has begun with an earlier one; "damaged". */
  readonly kind: string;
  readonly epoch: number;
  readonly createdAtMs: number;
  readonly deltas: number;
  readonly objects: number;
  /** Of all its objects, also those that it shares with others. */
  readonly bytes: number;
  /** Why it cannot be read; else empty. */
  readonly problem: string;
}

export interface VerifiedCheckpoint {
  readonly number: number;
  readonly objects: number;
  readonly bytes: number;
  readonly damage: readonly string[];
}

export interface RestoredCheckpoint {
  readonly number: number;
  readonly epoch: number;
  readonly createdAtMs: number;
  readonly entries: number;
  readonly bytes: number;
  readonly durationMs: number;
}

interface Options {
  readonly json?: boolean;
  readonly at?: CheckpointChoice;
  readonly as?: string;
}

interface Context {
  readonly terminal: Terminal;
  readonly open: OpenCheckpoints;
}

/** How long a node gets to complete a checkpoint before the verb gives up waiting. */
const createTimeoutMs = 3_600_000;

/** Adds `checkpoint create`, `list`, `verify`, `restore` and `diff`. */
export function addCheckpointVerbs(
  program: Command,
  terminal: Terminal,
  open: OpenCheckpoints,
): void {
  const context: Context = { terminal, open };
  const checkpoint = program
    .command("checkpoint")
    .summary("write, look at and restore checkpoints")
    .description("Images of a whole node in an object store: to write, look at and restore.");
  const create = checkpoint
    .command("create")
    .summary("have a node write a checkpoint")
    .description("Has a running node write a checkpoint, and waits until it is complete.")
    .option("--json", "Print JSON.")
    .addHelpText("after", createExamples);
  addNodeOptions(create).action(() => runCreate(create.opts<Options>(), context));
  const list = checkpoint
    .command("list")
    .summary("list the checkpoints in a store")
    .description("Lists the checkpoints in a store, oldest first. No node need run.")
    .option("--json", "Print one JSON object per line.")
    .addHelpText("after", storeExamples);
  addStoreOptions(list).action(() => runList(list.opts<Options>(), context));
  const verify = checkpoint
    .command("verify [N]")
    .summary("read checkpoints and compare every hash")
    .description("Reads everything that checkpoint N names, or all do, and says what is damaged.")
    .option("--json", "Print one JSON object per line.")
    .addHelpText("after", verifyExamples);
  addStoreOptions(verify).action((number: string | undefined) =>
    runVerify(number, verify.opts<Options>(), context),
  );
  addRestoreVerb(checkpoint, context);
  addDiffVerb(checkpoint, context);
}

function addRestoreVerb(checkpoint: Command, context: Context): void {
  const restore = checkpoint
    .command("restore")
    .summary("fill a data directory from a checkpoint")
    .description(
      "Fills an empty data directory with the state of a checkpoint. A node that runs with it takes " +
        "the lineage over; with --as it begins a lineage of its own, and the original goes on.",
    )
    .option("--at <WHICH>", `${checkpointChoiceSyntax}. (default: latest)`, readChoice)
    .option("--as <NAME>", "Fork: the name of the new lineage.")
    .option("--json", "Print JSON.")
    .addHelpText("after", restoreExamples);
  addStoreOptions(restore).action(() => runRestore(restore.opts<Options>(), context));
}

function addDiffVerb(checkpoint: Command, context: Context): void {
  const diff = checkpoint
    .command("diff <A> <B>")
    .summary("list the states that differ between two checkpoints")
    .description(
      "Lists every address whose state differs between two checkpoints, with both values.",
    )
    .option("--json", "Print one JSON object per line.")
    .addHelpText("after", diffExamples);
  addStoreOptions(diff).action((before: string, after: string) =>
    runDiff([before, after], diff.opts<Options>(), context),
  );
}

const createExamples = `
Examples:
  statewire checkpoint create
  statewire checkpoint create --json | jq .number`;

const storeExamples = `
Examples:
  statewire checkpoint list
  statewire checkpoint list --checkpoint-store s3://bucket/prefix --json`;

const verifyExamples = `
Examples:
  statewire checkpoint verify
  statewire checkpoint verify 17 --checkpoint-store s3://bucket/prefix`;

const diffExamples = `
Examples:
  statewire checkpoint diff 16 17
  statewire checkpoint diff 16 17 --json | jq -r .address`;

const restoreExamples = `
Examples:
  statewire checkpoint restore --checkpoint-store s3://bucket/prefix --data-dir data
  statewire checkpoint restore --at 2026-11-24T05:00:00Z --as what-if --data-dir copy \\
    --checkpoint-store file:.statewire/checkpoints`;

/** @throws InvalidArgumentError */
export function readChoice(text: string): CheckpointChoice {
  const choice = parseCheckpointChoice(text);
  if (choice !== undefined) return choice;
  throw new InvalidArgumentError(`Expected ${checkpointChoiceSyntax}.`);
}

async function runCreate(options: Options, { terminal }: Context): Promise<void> {
  const settings = readSettings({ ...options }, terminal);
  const patience = {
    timeoutMs: createTimeoutMs,
    onTimeout: `the checkpoint is not complete after ${createTimeoutMs} ms; the node goes on with it`,
  };
  const created = await withNode(settings, (ask) =>
    ask(AdminService.createCheckpoint, {}, patience),
  );
  if (options.json === true) return print(terminal, JSON.stringify(created));
  const { number, epoch, kind, bytes, durationMs } = created;
  const what = kind === "nothing" ? "held everything already" : `${kind}, ${bytes} bytes`;
  await print(terminal, `checkpoint ${number}: up to epoch ${epoch}; ${what}; ${durationMs} ms`);
}

async function runList(options: Options, context: Context): Promise<void> {
  await withStore(options, context, async (checkpoints) => {
    const listed = await checkpoints.list();
    const { terminal } = context;
    if (options.json === true) {
      for (const each of listed) await print(terminal, JSON.stringify(each));
      return;
    }
    if (listed.length === 0) return note(terminal, `no checkpoint in ${checkpoints.address}`);
    await print(terminal, formatListed(listed));
  });
}

async function runVerify(
  written: string | undefined,
  options: Options,
  context: Context,
): Promise<void> {
  const number = written === undefined ? null : readNumber(written);
  await withStore(options, context, async (checkpoints) => {
    const verified = await checkpoints.verify(number);
    const { terminal } = context;
    const lines = verified.map((each) => JSON.stringify(each));
    await print(terminal, options.json === true ? lines.join("\n") : formatVerified(verified));
    const damage = [...new Set(verified.flatMap((each) => each.damage))];
    if (damage.length > 0) throw new CommandError("failed", damage.join("\n"));
  });
}

async function runRestore(options: Options, context: Context): Promise<void> {
  const as = options.as ?? null;
  if (as !== null && !/^[a-z0-9][a-z0-9-]{0,62}$/.test(as)) {
    const expected = "expected lower-case letters, digits and -, at most 63";
    throw new CommandError("usage", `"${as}" is no name of a lineage: ${expected}`);
  }
  await withStore(options, context, async (checkpoints, { dataDir }) => {
    const restored = await checkpoints.restore(options.at ?? { kind: "latest" }, as);
    const { terminal } = context;
    if (options.json === true) return print(terminal, JSON.stringify({ ...restored, dataDir }));
    const { number, epoch, entries, createdAtMs, durationMs } = restored;
    const when = new Date(createdAtMs).toISOString();
    const what = `checkpoint ${number} of ${when}, up to epoch ${epoch}`;
    const took = `${entries} entries in ${Math.round(durationMs)} ms`;
    await print(terminal, `${dataDir} holds ${what}: ${took}`);
  });
}

async function runDiff(
  [before, after]: readonly [string, string],
  options: Options,
  context: Context,
): Promise<void> {
  const choices = [before, after].map((text) => {
    const choice = parseCheckpointChoice(text);
    if (choice !== undefined) return choice;
    throw new CommandError(
      "usage",
      `"${text}" is no checkpoint: expected ${checkpointChoiceSyntax}`,
    );
  });
  const [first, second] = choices;
  if (first === undefined || second === undefined) return;
  const format = options.json === true ? formatDifferenceJson : formatDifference;
  let isSame = true;
  await withStore(options, context, (checkpoints) =>
    checkpoints.diff(first, second, (each) => {
      isSame = false;
      return print(context.terminal, format(each));
    }),
  );
  if (isSame) await note(context.terminal, "no state differs");
}

async function withStore(
  options: Options,
  { terminal, open }: Context,
  use: (checkpoints: StoredCheckpoints, settings: Settings) => Promise<void>,
): Promise<void> {
  const settings = readSettings({ ...options }, terminal);
  let isSaid = false;
  const checkpoints = await open(settings, (reason) => {
    if (!isSaid) void note(terminal, `statewire: trying again for a while: ${reason}`);
    isSaid = true;
  });
  try {
    await use(checkpoints, settings);
  } catch (error) {
    const isForPeople = error instanceof Error && !isBug(error);
    if (!isForPeople || error instanceof CommandError) throw error;
    throw new CommandError("failed", error.message, { cause: error });
  } finally {
    checkpoints.close();
  }
}

function readNumber(text: string): number {
  if (/^[1-9]\d{0,11}$/.test(text)) return Number(text);
  throw new CommandError("usage", `"${text}" is not the number of a checkpoint`);
}
