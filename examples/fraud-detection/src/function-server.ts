import { serve } from "@statewire/sdk";
import { counter, merchant, model, transaction } from "./functions.js";

// The address to serve on; port 0: any free one. The first line on standard output is the address
// that it became.
const server = await serve([transaction, counter, merchant, model], {
  address: process.argv[2] ?? "127.0.0.1:7500",
});
console.log(server.address);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.close());
