import { readFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { parseArgs } from "node:util";
import { expectedTotals } from "../expected-totals.js";
import { flightsPath, readFlights } from "../flight.js";
import { Watch } from "./watch.js";

// A page that shows what the functions have come to, and whether it is what the file comes to.

const usage = `Usage: node main.js [--runtime HOST:PORT] [--listen HOST:PORT] [--shown-at URL]

Serves a page with the totals that a runtime's flight functions keep, as they change.

  --runtime HOST:PORT  the runtime's gRPC API (default: FLIGHTS_RUNTIME, else 127.0.0.1:7410)
  --listen HOST:PORT   where the page is (default: BOARD_LISTEN, else 127.0.0.1:8080)
  --shown-at URL       its address for people, where that is another one (default: BOARD_SHOWN_AT)
`;

const page = readFileSync(new URL("../../../board/index.html", import.meta.url));

const { values } = readOptions();
const runtime = values.runtime ?? process.env["FLIGHTS_RUNTIME"] ?? "127.0.0.1:7410";
const listen = values.listen ?? process.env["BOARD_LISTEN"] ?? "127.0.0.1:8080";
const watch = new Watch(runtime, expectedTotals(readFlights(flightsPath)));
const server = createServer((request, response) => {
  switch (request.url) {
    case "/":
      return answer(response, "text/html; charset=utf-8", page);
    case "/snapshot.json":
      return answer(response, "application/json", JSON.stringify(describe()));
    case "/healthz":
      return answer(response, "text/plain", "ok\n");
    default:
      response.statusCode = 404;
      return answer(response, "text/plain", "the page is at /\n");
  }
});
const [host, port] = splitAddress(listen);
server.listen(port, host, () => {
  const bound = server.address();
  const shown =
    typeof bound === "object" && bound !== null ? `http://${host}:${bound.port}` : listen;
  console.log(`the results are at ${values["shown-at"] ?? process.env["BOARD_SHOWN_AT"] ?? shown}`);
});
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(0));

function describe() {
  const { snapshot, trouble, alerts } = watch;
  return { snapshot: snapshot ?? null, trouble, alerts };
}

function answer(response: ServerResponse, type: string, body: string | Uint8Array): void {
  response.setHeader("content-type", type);
  response.end(body);
}

function splitAddress(address: string): [host: string, port: number] {
  const colon = address.lastIndexOf(":");
  return [address.slice(0, colon), Number(address.slice(colon + 1))];
}

function readOptions() {
  try {
    const options = parseArgs({
      options: {
        runtime: { type: "string" },
        listen: { type: "string" },
        "shown-at": { type: "string" },
        help: { type: "boolean" },
      },
    });
    if (options.values.help === true) {
      process.stdout.write(usage);
      process.exit(0);
    }
    return options;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(2);
  }
}
