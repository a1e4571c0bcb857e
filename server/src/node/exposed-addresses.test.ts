import assert from "node:assert/strict";
import { exposedAddresses } from "./exposed-addresses.js";

describe("exposedAddresses", () => {
  it("names what other machines reach without a certificate", () => {
    const exposed = (grpc: string, http: string, grpcCaFile = "") =>
      exposedAddresses({ grpc, http, grpcCaFile });
    assert.deepEqual(exposed("127.0.0.1:7410", "localhost:7411"), []);
    assert.deepEqual(exposed("[::1]:7410", "127.1.2.3:7411"), []);
    assert.deepEqual(exposed("0.0.0.0:7410", "127.0.0.1:7411"), ["gRPC 0.0.0.0:7410"]);
    assert.deepEqual(exposed("0.0.0.0:7410", "[::]:7411", "ca.pem"), ["HTTP [::]:7411"]);
    assert.deepEqual(exposed("127.example:7410", "127.0.0.1:1"), ["gRPC 127.example:7410"]);
  });
});
