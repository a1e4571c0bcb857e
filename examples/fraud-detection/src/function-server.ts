import { serve } from "@statewire/sdk";
import { counter, merchant, model, transaction } from "./functions.js";

// The address to serve on comes last; port 0: any free one. Before it: the function types to serve; none:
// all. The first line on standard output is the address that it became.
const words = process.argv.slice(2);
const address = words.pop() ?? "127.0.0.1:7500";
const all = [transaction, counter, merchant, model];
const chosen = all.filter(({ typeName }) => words.length === 0 || words.includes(typeName));
const server = await serve(chosen, { address });
console.log(server.address);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.close());
