import { serve } from "@statewire/sdk";
import { airport } from "./airport.js";
import { hour } from "./hour.js";
import { route } from "./route.js";

// The address to serve on; port 0: any free one. The first line on standard output is the address
// that it became. FLIGHTS_ATTACH_TO: runtimes to dial as well, separated by commas.
const attachTo = process.env["FLIGHTS_ATTACH_TO"]?.split(",") ?? [];
const server = await serve([airport, route, hour], {
  address: process.argv[2] ?? "127.0.0.1:7500",
  attachTo,
});
console.log(server.address);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.close());
