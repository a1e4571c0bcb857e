import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expectedLedger, Ledger, type LedgerRecord } from "./support/process-ledger.js";

// Goal: after kill -9 of the runtime and of the function server at any moment, everything took effect
// exactly once; a SIGTERM ends the runtime with 0 and loses nothing either. Method: real processes, a file in, a file out; the moments are drawn from a seed that
// is printed, CRASH_TEST_SEED repeats them; then exact totals, and the output byte for byte.

const recordCount = 10_000;
const accountCount = 97;
/** A node that is killed within this time is still recovering, or not even that. */
const youngMsMax = 600;

/** mulberry32: a small generator whose every run can be repeated. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

function drawRecords(count: number, random: () => number): LedgerRecord[] {
  return Array.from({ length: count }, (_, number) => ({
    account: `account-${Math.floor(random() * accountCount)}`,
    number,
    amount: Math.floor(random() * 1000),
  }));
}

describe("a node that is killed", () => {
  const ledgers: Ledger[] = [];

  afterEach(async () => {
    for (const ledger of ledgers.splice(0)) {
      await ledger.stop();
      rmSync(ledger.directory, { recursive: true });
    }
  });

  function create(words: readonly string[] = []): Ledger {
    const ledger = new Ledger(mkdtempSync(join(tmpdir(), "statewire-crash-")), words);
    ledgers.push(ledger);
    return ledger;
  }

  async function assertExact(ledger: Ledger, records: readonly LedgerRecord[]): Promise<void> {
    const expected = expectedLedger(records);
    const lines = new Map<string, string[]>();
    for (const line of ledger.outputLines) {
      const account = line.slice(0, line.indexOf(" "));
      lines.set(account, [...(lines.get(account) ?? []), line]);
    }
    assert.deepEqual([...lines.keys()].sort(), [...expected.accounts.keys()].sort());
    for (const [account, entry] of expected.accounts) {
      assert.deepEqual(lines.get(account), entry.lines, `the lines of ${account}`);
    }
    assert.deepEqual(
      JSON.parse((await ledger.state("total", "all", "balance")) ?? "null"),
      expected.balance,
    );
    assert.equal(await ledger.state("total", "all", "reminders"), String(expected.reminders));
  }

  it("goes on as if nothing had happened: each record once, each account in order", async () => {
    const seed = Number(process.env["CRASH_TEST_SEED"] ?? Date.now() % 1_000_000);
    process.stdout.write(`      CRASH_TEST_SEED=${seed}\n`);
    const random = generator(seed);
    const records = drawRecords(recordCount, random);
    const { accounts } = expectedLedger(records);
    const outputBytes = [...accounts.values()].reduce(
      (bytes, { lines }) => bytes + Buffer.byteLength(lines.join("\n")) + 1,
      0,
    );
    // Small, so that kills meet switches of segments and folds, too.
    const ledger = create(["--journal-segment-bytes", "1 MiB", "--fold-journal-bytes", "1 MiB"]);
    ledger.writeInput(records);
    await ledger.server.start();
    ledger.startNode();

    for (const blow of ["server", "node", "SIGTERM", "node", "young node", "server", "node"]) {
      const done = ledger.outputBytes;
      if (blow === "young node") await setTimeout(random() * youngMsMax);
      else await ledger.untilOutput(done + random() * 0.4 * (outputBytes - done));
      if (blow === "server") {
        await ledger.server.kill();
        await ledger.server.start();
        continue;
      }
      const { node } = ledger;
      if (blow === "SIGTERM") assert.equal(await ledger.stopNode(), 0, node?.log);
      else await ledger.killNode();
      ledger.startNode();
    }
    await ledger.settled();
    assert.equal(ledger.outputBytes, outputBytes);
    await assertExact(ledger, records);
  }).timeout(60_000);
});
