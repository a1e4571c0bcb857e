import { type Story, widePolicy } from "./core-story.js";
import type { Words } from "./core-words.js";

/** `limits NAME=N...`: before anything else. */
export function limits(story: Story, words: Words): void {
  for (let option = words.option(); option !== undefined; option = words.option()) {
    if (!(option.name in story.limits)) throw words.error(`no limit ${option.name}`);
    story.limits = { ...story.limits, [option.name]: words.toNumber(option.value) };
  }
}

/**
 * `function PATTERN [attempts=N] [backoff=MS] [timeout=MS] [batch=N] [dead=e/out]`: what a module
 * declares.
 */
export function declareFunction(story: Story, words: Words): void {
  const pattern = words.next("pattern");
  const numbers = { attempts: 0, backoff: 100, timeout: 60_000, batch: 0 };
  let deadLetterEgress: string | null = null;
  for (let option = words.option(); option !== undefined; option = words.option()) {
    if (option.name === "dead") deadLetterEgress = option.value;
    else if (!(option.name in numbers)) throw words.error(`no option ${option.name}`);
    else Object.assign(numbers, { [option.name]: words.toNumber(option.value) });
  }
  const { attempts: attemptsMax, backoff: initialBackoffMs } = numbers;
  story.functions.push({
    pattern,
    retry: {
      ...widePolicy.retry,
      attemptsMax,
      initialBackoffMs,
      jitter: 0,
      deadLetterEgress,
    },
    invocationTimeoutMs: numbers.timeout,
    batchMax: numbers.batch,
  });
}

/** `egress e/out [after-checkpoint]`: what a module declares. */
export function declareEgress(story: Story, words: Words): void {
  const egress = words.next("egress");
  story.egresses.push(egress);
  if (words.isEmpty) return;
  if (words.next("rule") !== "after-checkpoint") throw words.error("expected after-checkpoint");
  story.egressesAfterCheckpoint.push(egress);
}

/** `checkpoint EPOCH`: one that holds the epoch is complete. */
export function checkpoint(story: Story, words: Words): void {
  story.step({ kind: "checkpointed", epoch: words.toNumber(words.next("epoch")) });
}

/** `remove e/out`: from the next start on, the module does not name the egress. */
export function removeEgress(story: Story, words: Words): void {
  const egress = words.next("egress");
  story.egresses.splice(story.egresses.indexOf(egress), 1);
}

/** `seal [fold]`: shows what the epoch makes durable. With `fold`, a fold begins with it. */
export function seal(story: Story, words: Words): string[] {
  return story.seal({ beginFold: !words.isEmpty && words.next("fold") === "fold" });
}

/** `write`: the sealed epoch is on disk, and the core is not told. */
export function write(story: Story): void {
  story.write();
}

/** `commit`: seals if nothing is sealed, makes it durable, tells the core. */
export function commit(story: Story): void {
  story.commit();
}

/** `fold`: ends the fold that was begun, or does a whole one, and tells the core. */
export function fold(story: Story): void {
  story.fold();
}

/** `fold-tables`: the fold that was begun is done, and the core is not told. */
export function foldTables(story: Story): void {
  story.foldTables();
}

/**
 * `crash [again]`: the node dies, and starts again from what is durable. With `again`, it knows that
 * it has died soon after its last starts.
 */
export function crash(story: Story, words: Words): string[] {
  story.suspectRestored = !words.isEmpty && words.next("again") === "again";
  return [`restarted after epoch ${story.crash()}`];
}

/** `backlog`: what is in memory. */
export function backlog(story: Story): string[] {
  const { backlogMessages, backlogBytes, outboxes } = story.machine.shard;
  const records = [...outboxes.values()].map(
    ({ egress, queue }) => `${egress} ${queue.length - queue.spilled} of ${queue.length} records`,
  );
  return [`${backlogMessages} messages, ${backlogBytes} bytes`, ...records];
}

/** `timers`: how many delayed messages there are, and where. */
export function timers(story: Story): string[] {
  const { pending, spilled } = story.machine.shard.timers;
  return [`${pending} timers, ${spilled} of them in the tables only`];
}

/** `cold`: the mailboxes that only the tables hold. */
export function cold(story: Story): string[] {
  const types = [...story.machine.shard.types.values()].filter((type) => type.cold.count > 0);
  if (types.length === 0) return ["no cold mailbox"];
  return types.map((type) => `${type.cold.count} cold of ${type.name}, ${type.cold.parked} parked`);
}
