import type { HttpLoadCommands, HttpLoadOptions } from "../load/http-load.js";
import type { Child } from "../process/child.js";
import type { Series } from "../subject.js";

/** The HTTP request of every comparison: add one to a counter, and get the sum. */
export const counterRequest = {
  path: "/v1/call/bench/counter/{id}",
  headers: {
    "content-type": "application/json",
    "statewire-typename": "io.statefun.types/long",
  },
  body: "1",
  keys: 10_000,
} as const satisfies Partial<HttpLoadOptions>;

/** Durable calls over so many connections to a server that answers counterRequest. */
export function httpCallSeries(
  load: Child<HttpLoadCommands>,
  options: Omit<Series, "measure"> & { readonly port: number; readonly connections: number },
): Series {
  const { port, connections, ...series } = options;
  return {
    ...series,
    measure: (durationMs) => load.call("run", { ...counterRequest, port, connections, durationMs }),
  };
}
