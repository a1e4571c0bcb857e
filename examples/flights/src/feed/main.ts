import { parseArgs } from "node:util";
import { flightsPath, readFlights } from "../flight.js";
import { feed } from "./feed.js";

// Feeds a runtime with the flights, by its gRPC API: a process of its own, which may be killed and
// started again at any time.

const usage = `Usage: node main.js [--runtime HOST:PORT] [--rate N]

Sends the 20,000 flights to a runtime, in order, at a steady rate, each exactly once.

  --runtime HOST:PORT  the runtime's gRPC API (default: FLIGHTS_RUNTIME, else 127.0.0.1:7410)
  --rate N             flights a second, 1 to 100000 (default: FLIGHTS_RATE, else 400)
`;

/** A line of the log for so many flights. */
const logEvery = 2000;

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) return 2;
  const flights = readFlights(flightsPath);
  console.error(`${flights.length} flights to ${options.address}, ${options.rate} a second`);
  let logged = 0;
  await feed(flights, {
    address: options.address,
    flightsPerSecond: options.rate,
    onProgress: (sent, duplicates) => {
      if (sent < logged + logEvery && sent < flights.length) return;
      logged = sent;
      console.error(`${sent} flights are durable; the runtime had ${duplicates} of them already`);
    },
    onTrouble: (reason) => console.error(`the runtime is away: ${reason}`),
  });
  return 0;
}

function readOptions(): { readonly address: string; readonly rate: number } | undefined {
  try {
    const { values } = parseArgs({
      options: { runtime: { type: "string" }, rate: { type: "string" }, help: { type: "boolean" } },
    });
    if (values.help === true) {
      process.stdout.write(usage);
      process.exit(0);
    }
    const rate = Number(values.rate ?? process.env["FLIGHTS_RATE"] ?? "400");
    if (!(rate >= 1 && rate <= 100_000)) {
      throw new Error(`--rate is ${values.rate ?? process.env["FLIGHTS_RATE"]}: 1 to 100000`);
    }
    return {
      address: values.runtime ?? process.env["FLIGHTS_RUNTIME"] ?? "127.0.0.1:7410",
      rate,
    };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return undefined;
  }
}
