import type { Fields } from "../../../protocol/protocol.js";
import { CaseFailure } from "../../case-failure.js";
import { stepMs } from "../../events.js";
import { patienceMs } from "../../patience.js";
import { request, welcome } from "../actions.js";
import type { RuntimeCase } from "../runtime-case.js";
import type { RuntimeScenario } from "../runtime-scenarios.js";
import { CountingServer } from "./counting-server.js";

/** How long it takes until what failed is tried again. */
const retryMs = 100;

/**
 * Producers send numbers to addresses that add them up and pass them on, while the runtime is killed,
 * streams are lost and inputs fail by chance. In the end every address has counted each number once,
 * in the order in which its producer sent them: the oracle is the list of what was sent.
 */
export const exactlyOnce: RuntimeScenario = async (testCase, { addresses, messages, kills }) => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const world = new World(testCase, seed);
  const ids = Array.from({ length: Number(addresses) }, (_each, at) => `@count-${at}`);
  const serving = world.serve();
  try {
    const produced = ids.map((id, at) => produce(testCase, id, at, Number(messages)));
    const killed = disturb(world, Number(kills));
    await Promise.all([...produced, killed]);
    await compare(testCase, ids, Number(messages));
    if (world.reasons.length > 0) throw new CaseFailure(world.reasons.join("; "));
  } catch (error) {
    if (error instanceof CaseFailure) error.message += ` (seed ${seed})`;
    throw error;
  } finally {
    await world.close(serving);
  }
};

/** The function server of the case, over lost streams and restarts. */
class World {
  readonly testCase: RuntimeCase;
  readonly reasons: string[] = [];
  readonly #random: () => number;
  #server: CountingServer | undefined;
  #closed = false;

  constructor(testCase: RuntimeCase, seed: number) {
    this.testCase = testCase;
    this.#random = generator(seed);
  }

  async serve(): Promise<void> {
    for (let stream = 0; !this.#closed; stream++) {
      const session = this.testCase.attach(`count-${stream}`);
      const hello = await session.stream.events.takeWithin(patienceMs(stepMs), ({ kind }) => {
        return kind === "hello" || kind === "end";
      });
      if (hello?.kind !== "hello") {
        session.stream.cancel();
        await pause(retryMs);
        continue;
      }
      const states = [{ name: "count", typename: "t/t" }];
      await welcome(this.testCase, session, {
        functions: [{ type_name: "conformance/@main", states }],
      });
      this.#server = new CountingServer(session.stream, {
        total: this.testCase.own("@total"),
        random: this.#random,
        fails: (reason) => this.reasons.push(reason),
      });
      // While this stream was opened the world may have been closed: nobody would end it then.
      if (this.#closed) this.cut();
      await this.#server.serve();
    }
  }

  /** Loses the stream. */
  cut(): void {
    this.#server?.close();
  }

  async close(serving: Promise<void>): Promise<void> {
    this.#closed = true;
    this.cut();
    await serving;
  }

  get random(): number {
    return this.#random();
  }
}

/** Kills the runtime, and cuts the stream in between, at moments that chance chooses. */
async function disturb(world: World, kills: number): Promise<void> {
  for (let at = 0; at < kills; at++) {
    await pause(world.random * 300);
    world.cut();
    await pause(world.random * 300);
    await world.testCase.runtime.restart("SIGKILL");
  }
}

/** Sends 1, 2, ... in order; what was not acknowledged is sent again with the same sequence. */
async function produce(
  testCase: RuntimeCase,
  id: string,
  number: number,
  messages: number,
): Promise<void> {
  const source = testCase.own(`@producer-${number}`);
  for (let value = 1; value <= messages; value++) {
    const step = { id, type: "conformance/@main", typename: "t/t", text: String(value) };
    const producer = { source, sequence: value };
    const message = request(testCase, { ...step, with: { producer } });
    const untilMs = performance.now() + patienceMs(30_000);
    for (;;) {
      const { status, details } = await testCase.runtime.call("Ingress", "Send", message, 5000);
      if (status === "OK") break;
      if (performance.now() > untilMs)
        throw new CaseFailure(`Send to ${id}: ${status}: ${details}`);
      await pause(retryMs);
    }
  }
}

/** The records are those of the oracle: per address, every count once and in order. */
async function compare(
  testCase: RuntimeCase,
  ids: readonly string[],
  messages: number,
): Promise<void> {
  const expected = 2 * ids.length * messages;
  const records = await testCase.runtime.records.recordsOf(
    testCase.prefix,
    expected,
    patienceMs(30_000),
  );
  const texts = records.map((record) => String((record["value"] as Fields)["value"]));
  if (texts.length !== expected)
    throw new CaseFailure(`records: expected ${expected}, received ${texts.length}`);
  for (const id of ids) {
    const own = texts.filter((text) => text.startsWith(`${testCase.own(id)} `));
    const sent = Array.from({ length: messages }, (_each, at) => at + 1);
    const oracle = sent.map((value) => `${testCase.own(id)} ${value} ${triangle(value)} ${value}`);
    differ(oracle, own);
  }
  const total = texts.filter((text) => text.startsWith(`${testCase.own("@total")} `));
  const counts = total.map((text) => Number(text.split(" ")[1]));
  differ(
    total.map((_each, at) => String(at + 1)),
    counts.map(String),
  );
  const sum = Number(total.at(-1)?.split(" ")[2] ?? 0);
  if (sum !== ids.length * triangle(messages))
    throw new CaseFailure(`total: expected ${ids.length * triangle(messages)}, received ${sum}`);
}

function differ(oracle: readonly string[], found: readonly string[]): void {
  const at = oracle.findIndex((text, index) => text !== found[index]);
  if (at === -1 && oracle.length === found.length) return;
  throw new CaseFailure(`record ${at}: expected "${oracle[at]}", received "${found[at]}"`);
}

/** 1 + 2 + ... + n. */
function triangle(n: number): number {
  return (n * (n + 1)) / 2;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Numbers from 0 to 1 that a seed determines: mulberry32. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
