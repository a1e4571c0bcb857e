import { serve } from "@statewire/sdk";
import { airport } from "./airport.js";
import { hour } from "./hour.js";
import { route } from "./route.js";

// function-server.js [ADDRESS [FUNCTION...]]: the address to serve on, port 0 being any free one, and
// what to serve, without names everything. The first line on standard output is the address that it
// became. FLIGHTS_ATTACH_TO names runtimes to dial as well, separated by commas.
const [address = "127.0.0.1:7500", ...names] = process.argv.slice(2);
const all = [airport, route, hour];
const functions = names.length === 0 ? all : all.filter(({ typeName }) => names.includes(typeName));
const attachTo = process.env["FLIGHTS_ATTACH_TO"]?.split(",") ?? [];

const server = await serve(functions, { address, attachTo });
console.log(server.address);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.close());
