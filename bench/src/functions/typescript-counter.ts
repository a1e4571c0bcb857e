import process from "node:process";
import { serve } from "@statewire/sdk";
import { chooseDestinations, counterFunctions } from "./counter-functions.js";

/** The counter of the workload on the TypeScript SDK, started as those of other languages are. */

const progress = { handled: 0, tokensEnded: 0, hopping: false, onHandled: () => undefined };
const destinations = chooseDestinations(1, "uniform");
await serve(
  counterFunctions(progress, () => destinations),
  { address: process.env["BENCH_ADDRESS"] ?? "127.0.0.1:0" },
);
