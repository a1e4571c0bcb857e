import { once } from "node:events";
import { createServer } from "node:http";
import { serve } from "@statewire/sdk";
import { createNodeHandler } from "@statewire/sdk/http";
import type { Distribution } from "../key-sequence.js";
import { serveCommands } from "../process/command-server.js";
import { chooseDestinations, counterFunctions, type Progress } from "./counter-functions.js";

/** The function server of every workload, as a process of its own. */

export const counterServerCommands = {
  listen,
  listenHttp,
  choose,
  handled: () => progress.handled,
  whenHandled,
  setHopping,
  whenTokensEnded,
};
export type CounterServerCommands = typeof counterServerCommands;

interface Waiting {
  readonly count: () => number;
  readonly target: number;
  readonly resolve: (handled: number) => void;
}

let waiting: Waiting[] = [];
let destinations = chooseDestinations(1, "uniform");

const progress: Progress = {
  handled: 0,
  tokensEnded: 0,
  hopping: false,
  onHandled: () => {
    if (waiting.length > 0) resolveWaiting();
  },
};

/** Serves on the port. */
async function listen(port: number): Promise<void> {
  const functions = counterFunctions(progress, () => destinations);
  await serve(functions, { address: `127.0.0.1:${port}` });
}

/** Serves StateFun's request-reply protocol on the port. */
async function listenHttp(port: number): Promise<void> {
  const functions = counterFunctions(progress, () => destinations);
  const server = createServer(createNodeHandler(functions));
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
}

/** What hops and fans choose from, from now on. */
function choose(options: { readonly keys: number; readonly distribution: Distribution }): void {
  destinations = chooseDestinations(options.keys, options.distribution);
}

/** Lets tokens be sent on, or ends each where it is next handled. */
function setHopping(hopping: boolean): void {
  progress.hopping = hopping;
  progress.tokensEnded = 0;
}

/** Answers with the count as soon as so many messages have been handled since the start. */
function whenHandled(target: number): Promise<number> {
  return wait(() => progress.handled, target);
}

/** Answers as soon as so many tokens have ended since setHopping. */
function whenTokensEnded(target: number): Promise<number> {
  return wait(() => progress.tokensEnded, target);
}

function wait(count: () => number, target: number): Promise<number> {
  return new Promise((resolve) => {
    waiting.push({ count, target, resolve });
    resolveWaiting();
  });
}

function resolveWaiting(): void {
  const done = waiting.filter((one) => one.count() >= one.target);
  if (done.length === 0) return;
  waiting = waiting.filter((one) => !done.includes(one));
  for (const one of done) one.resolve(one.count());
}

serveCommands(counterServerCommands);
