import assert from "node:assert/strict";
import { InspectResponse } from "@statewire/protos/statewire/v1/admin.js";
import { activityOf, isSettled } from "../src/activity.js";

// Goal: an example never takes a busy node for one that is done, nor waits for one that is stuck.

const settled = InspectResponse.fromPartial({
  functions: [{ typeName: "flights/airport" }],
  egresses: [{ name: "flights/alerts", sequenceLast: 3, sequenceAcknowledged: 3 }],
  ingresses: [{ name: "flights/file", state: "done" }],
});

const busy: readonly [string, Parameters<typeof InspectResponse.fromPartial>[0]][] = [
  ["an ingress is running", { ingresses: [{ name: "flights/file", state: "running" }] }],
  ["an ingress waits for its file", { ingresses: [{ name: "flights/file", state: "waiting" }] }],
  ["a message waits", { functions: [{ typeName: "flights/airport", messagesWaiting: 1 }] }],
  ["an invocation runs", { functions: [{ typeName: "flights/hour", invocationsInFlight: 1 }] }],
  ["a timer has not fired", { timers: 1 }],
  ["a record has not left", { egresses: [{ sequenceLast: 3, sequenceAcknowledged: 2 }] }],
];

describe("a node's activity", () => {
  it("is settled when nothing is left to do", () => {
    assert.equal(isSettled(activityOf(settled)), true);
  });

  for (const [reason, status] of busy) {
    it(`is not settled while ${reason}`, () => {
      const node = InspectResponse.fromPartial({ ...settled, ...status });
      assert.equal(isSettled(activityOf(node)), false);
    });
  }

  it("is an error when an ingress has failed, with its reason", () => {
    const ingresses = [{ name: "flights/file", state: "failed", reason: "record 3 is not JSON" }];
    const node = InspectResponse.fromPartial({ ...settled, ingresses });
    assert.throws(() => activityOf(node), /flights\/file has failed: record 3 is not JSON/);
  });

  it("is an error when an address is parked", () => {
    const functions = [{ typeName: "flights/route", addressesParked: 2 }];
    const node = InspectResponse.fromPartial({ ...settled, functions });
    assert.throws(() => activityOf(node), /2 addresses of flights\/route are parked/);
  });
});
