import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { totalCompared, totalDisagreements } from "./comparison.js";
import { parseDemoOptions, usage } from "./demo-options.js";
import { type FlightsDemoOutcome, runFlightsDemo } from "./flights-demo.js";
import { formatComparisons, formatObservation } from "./report.js";

const directoryDefault = fileURLToPath(new URL("../../.statewire-demo", import.meta.url));

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseDemoOptions(args);
    if (options.help) {
      console.log(usage);
      return 0;
    }
    const directory = resolve(options.directory ?? directoryDefault);
    return report(await runFlightsDemo({ ...options, directory }));
  } catch (error) {
    console.error(`demo: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

/** Prints everything; the exit code says whether every total agrees. */
function report(outcome: FlightsDemoOutcome): number {
  const { observation, comparisons } = outcome;
  console.log(formatObservation(observation));
  console.log(formatComparisons(comparisons));
  const seconds = (outcome.durationMs / 1000).toFixed(1);
  const compared = totalCompared(comparisons);
  const agreeing = compared - totalDisagreements(comparisons);
  const full = observation.digests.filter((digest) => digest.closedBy === "count").length;
  console.log(
    `\n${outcome.flights.toLocaleString("en-US")} flights in ${seconds} s with start and restarts. ` +
      `${observation.alerts.length} alerts; ${observation.digests.length} digests, ` +
      `${full} of them full before their time.`,
  );
  console.log(
    `${agreeing.toLocaleString("en-US")} of ${compared.toLocaleString("en-US")} numbers agree.`,
  );
  return agreeing === compared ? 0 : 1;
}
