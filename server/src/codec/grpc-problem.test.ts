import assert from "node:assert/strict";
import { describeGrpcProblem } from "./grpc-problem.js";

describe("describeGrpcProblem()", () => {
  const cases: readonly [string, string][] = [
    [
      "No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:1. Resolution note: ",
      "connect ECONNREFUSED 127.0.0.1:1",
    ],
    [
      "14 UNAVAILABLE: No connection established. Last error: Error: connect ENOENT /tmp/x.sock. Resolution note: ",
      "connect ENOENT /tmp/x.sock",
    ],
    [
      "No connection established. Last error: Protocol error (2026-01-24T05:40:42.983Z). Resolution note: ",
      "the peer does not speak gRPC, or wants TLS",
    ],
    [
      "No connection established. Last error: Error: 80AC:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/openssl/ssl3_record.c:350:\n. Resolution note: ",
      "the peer does not speak TLS",
    ],
    ["No connection established. Last error: null. Resolution note: no addresses", "no addresses"],
    ["No connection established. Last error: null. Resolution note: ", "no connection"],
    ["No connection established. Last error: Error: a. Resolution note: b", "a; b"],
    [
      "Name resolution failed for target dns:nowhere.invalid:1",
      "nowhere.invalid:1 cannot be resolved",
    ],
    [
      "The server does not implement the method /a/b",
      "The server does not implement the method /a/b",
    ],
    ["", ""],
  ];
  for (const [details, expected] of cases) {
    it(`makes "${expected}" of ${JSON.stringify(details.slice(0, 80))}`, () => {
      assert.equal(describeGrpcProblem(details), expected);
    });
  }
});
