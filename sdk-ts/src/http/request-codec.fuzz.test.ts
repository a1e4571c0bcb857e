import assert from "node:assert/strict";
import { fuzz } from "@statewire/fuzz/fuzz.js";
import { mutations } from "@statewire/fuzz/mutation.js";
import fc from "fast-check";
import * as wire from "../../test/support/statefun-bytes.js";
import { statefulFunction } from "../function.js";
import { state } from "../state.js";
import { types } from "../types.js";
import { HttpFunctions } from "./http-functions.js";

// Goal: whatever is posted gets an answer: a response, or a status with a reason. Method: valid requests
// with changes.

const counter = statefulFunction("shop/counter", {
  states: { count: state(types.int) },
  accepts: types.int,
  handle: (ctx, amount) => ctx.state.count.set((ctx.state.count.get() ?? 0) + (amount % 1000)),
});

const int = (bytes: string): Buffer =>
  wire.typedValue("io.statefun.types/int", Buffer.from(bytes, "hex"));
const target = wire.address("shop", "counter", "a");
const requests = [
  wire.request(target, wire.input(int("0d01000000"))),
  wire.request(
    target,
    wire.state("count", int("0d02000000")),
    wire.input(int(""), wire.address("n", "t", "x")),
    wire.input(int("0d01000000")),
  ),
];

describe("functions over StateFun's protocol, whatever they are sent", () => {
  const host = new HttpFunctions([counter], { onEvent: () => undefined });
  const { signal } = new AbortController();
  fuzz(
    "statefun-request",
    fc.asyncProperty(mutations(requests), async (body) => {
      const { status, body: answer, headers } = await host.answer(body, signal);
      const isPayload = headers["content-type"] === "application/octet-stream";
      assert.ok(status === 200 ? isPayload : [400, 500].includes(status) && answer.length > 1);
    }),
  );
});
