import fc from "fast-check";

/** What the runner tells the fuzz tests, as variables of the environment. */
export const fuzzVariables = {
  seconds: "STATEWIRE_FUZZ_SECONDS",
  only: "STATEWIRE_FUZZ_ONLY",
  seed: "STATEWIRE_FUZZ_SEED",
} as const;

/** What a fuzz test tells the runner before each seed. */
export interface FuzzProgress {
  readonly name: string;
  readonly seed: number;
  /** Inputs that this test has looked at so far. */
  readonly inputs: number;
}

/** Inputs of one seed: few enough that a seed is done soon, many enough that starting one is cheap. */
const inputsPerSeed = 100;

/** How many inputs a test looks at in `npm test`, unless it says otherwise. */
const inputsInTest = 300;

/** How the names of fuzz tests end, by which the runner knows them. */
export const claim = "holds for any input";

const { env } = process;
let registered = 0;

/**
 * A test of what a decoder owes for any input. In `npm test` it looks at `inputs` of them; under
 * `npm run fuzz` at as many as there is time for.
 *
 * @param name Of the decoder, as --only has it.
 */
export function fuzz<T>(
  name: string,
  property: fc.IRawProperty<T>,
  options: { readonly inputs?: number } = {},
): void {
  const seconds = env[fuzzVariables.seconds];
  if (seconds === undefined) {
    const inputs = options.inputs ?? inputsInTest;
    it(`${name}: ${claim}`, () => check(name, property, { inputs, seed: newSeed() }));
    return;
  }
  if (!name.includes(env[fuzzVariables.only] ?? "")) return;
  registered++;
  it(`${name}: ${claim}`, async function () {
    this.timeout(0);
    await fuzzFor((Number(seconds) * 1000) / registered, name, property);
  });
}

async function fuzzFor<T>(
  durationMs: number,
  name: string,
  property: fc.IRawProperty<T>,
): Promise<void> {
  const end = performance.now() + durationMs;
  let seed = Number(env[fuzzVariables.seed] ?? newSeed());
  let inputs = 0;
  do {
    process.send?.({ name, seed, inputs } satisfies FuzzProgress);
    await check(name, property, { inputs: inputsPerSeed, seed });
    inputs += inputsPerSeed;
    seed++;
    // Messages to the runner leave between two turns of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
  } while (performance.now() < end);
}

async function check<T>(
  name: string,
  property: fc.IRawProperty<T>,
  { inputs, seed }: { readonly inputs: number; readonly seed: number },
): Promise<void> {
  // Alike for properties with and without a promise.
  const checked = property as fc.IAsyncProperty<T>;
  const details = await fc.check(checked, { numRuns: inputs, seed, includeErrorInReport: true });
  if (!details.failed) return;
  const report = await fc.asyncDefaultReportMessage(details);
  const again = `npm run fuzz -- --only "${name}" --seed ${seed}`;
  throw new Error(`${report ?? "no counterexample"}\n\nAgain: ${again}`);
}

/** Of 31 bits, as fast-check has them. */
function newSeed(): number {
  return Math.floor(Math.random() * 2 ** 31);
}
