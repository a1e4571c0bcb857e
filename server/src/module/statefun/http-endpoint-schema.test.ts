import assert from "node:assert/strict";
import { homedir } from "node:os";
import { join } from "node:path";
import { resolveUrl } from "../function-url.js";
import type { HttpEndpointSpec } from "../module.js";
import { formatProblem, ModuleError } from "../module-problem.js";
import { parseModule } from "../parse-module.js";

// Goal: an HTTP endpoint of StateFun means what it means there, with every default. Method: module files.

function parse(lines: readonly string[], version = 2) {
  const spec = ["functions: a/*", "urlPathTemplate: http://functions:8000/statefun", ...lines];
  const text = `kind: io.statefun.endpoints.v${version}/http\nspec:\n  ${spec.join("\n  ")}`;
  const { module, warnings } = parseModule([{ file: "m.yaml", text }], "/modules");
  return {
    endpoint: module.endpoints[0] as HttpEndpointSpec,
    warnings: warnings.map(formatProblem),
  };
}

function problemOf(lines: readonly string[], version = 2): string {
  try {
    parse(lines, version);
  } catch (error) {
    if (error instanceof ModuleError) return error.problems.map(formatProblem).join("\n");
    throw error;
  }
  return "";
}

const noTls = { trustFile: null, certFile: null, keyFile: null, keyPasswordFile: null };
const okhttp = {
  kind: "okhttp",
  callTimeoutMs: 60_000,
  connectTimeoutMs: 10_000,
  readTimeoutMs: 10_000,
  connectionTtlMs: 60_000,
  connectionsMax: 1024,
  payloadBytesMax: 33_554_432,
  tls: noTls,
};
const async = {
  kind: "async",
  callTimeoutMs: 120_000,
  connectTimeoutMs: 20_000,
  readTimeoutMs: null,
  connectionTtlMs: 15_000,
  connectionsMax: 1024,
  payloadBytesMax: 33_554_432,
  tls: noTls,
};

describe("an HTTP endpoint in module.yaml", () => {
  it("sharp edge 14: has the defaults of StateFun's code, which are not those of its documentation", () => {
    const { endpoint, warnings } = parse([]);
    assert.deepEqual(warnings, []);
    assert.deepEqual(endpoint.functions, ["a/*"]);
    assert.equal(endpoint.urlTemplate, "http://functions:8000/statefun");
    assert.equal(endpoint.batchMax, 1000);
    assert.deepEqual(endpoint.transport, async);
    assert.equal(endpoint.retry.attemptsMax, null);
  });

  it("of version 1 has the rules of okhttp, and time-outs in its spec", () => {
    assert.deepEqual(parse([], 1).endpoint.transport, okhttp);
    const timeouts = "timeouts: {call: 30 sec, connect: 1s, read: 2000, write: 3 seconds}";
    assert.deepEqual(parse([timeouts], 1).endpoint.transport, {
      ...okhttp,
      callTimeoutMs: 30_000,
      connectTimeoutMs: 1000,
      readTimeoutMs: 2000,
    });
  });

  it("of version 2 may have the transport okhttp", () => {
    const type = "type: io.statefun.transports.v1/okhttp";
    const transport = `transport: {${type}, timeouts: {call: 1day, read: 1h}}`;
    assert.deepEqual(parse([transport]).endpoint.transport, {
      ...okhttp,
      callTimeoutMs: 86_400_000,
      readTimeoutMs: 3_600_000,
    });
  });

  it("takes every option of the transport async", () => {
    const { endpoint } = parse([
      "maxNumBatchRequests: 7",
      "transport:",
      "  type: io.statefun.transports.v1/async",
      "  call: 2m",
      "  connect: 20s",
      "  pool_ttl: 0",
      "  pool_size: 9",
      "  payload_max_bytes: 100",
      "  trust_cacerts: ca.pem",
      "  client_cert: classpath:client.crt",
      "  client_key: file:///keys/client.key",
      "  client_key_password: ~/password.txt",
    ]);
    assert.equal(endpoint.batchMax, 7);
    assert.deepEqual(endpoint.transport, {
      ...async,
      connectionTtlMs: 0,
      connectionsMax: 9,
      payloadBytesMax: 100,
      tls: {
        trustFile: "/modules/ca.pem",
        certFile: "/modules/client.crt",
        keyFile: "/keys/client.key",
        keyPasswordFile: join(homedir(), "password.txt"),
      },
    });
  });

  it("prefers timeouts in the transport async to what stands beside it", () => {
    const written = parse(["transport: {call: 2m, timeouts: {read: 1 sec}}"]).endpoint.transport;
    assert.deepEqual(written, { ...async, callTimeoutMs: 60_000, connectTimeoutMs: 10_000 });
  });

  it("has no batch limit of its own with maxNumBatchRequests of 0 or less", () => {
    for (const value of [0, -1]) {
      assert.equal(parse([`maxNumBatchRequests: ${value}`]).endpoint.batchMax, null);
    }
  });

  it("takes Statewire's retry, which StateFun passes over", () => {
    const { endpoint, warnings } = parse(["retry: {attempts: 3}"]);
    assert.deepEqual([endpoint.retry.attemptsMax, warnings], [3, []]);
  });

  it("passes over keys that StateFun passes over, with a warning", () => {
    const { endpoint, warnings } = parse(["colour: red", "transport: {call: 1s, speed: 1}"]);
    assert.equal(endpoint.transport.callTimeoutMs, 1000);
    assert.equal(warnings.length, 2);
    assert.match(warnings.join("\n"), /m.yaml:5:3: spec has the unknown key "colour"/);
    assert.match(warnings[0] ?? "", /it has no effect, as in StateFun$/);
  });

  const wrong: readonly (readonly [string, readonly string[], RegExp, number?])[] = [
    [
      "a call of no time",
      ["transport: {call: 0}"],
      /spec.transport.call is 0: expected a duration/,
    ],
    [
      "a transport that is none",
      ["transport: {type: a/b}"],
      /spec.transport.*expected type io.statefun.transports.v1\/async or io.statefun.transports.v1\/okhttp/,
    ],
    [
      "half a client certificate",
      ["transport: {client_cert: a.pem}"],
      /spec.transport has one of client_cert and client_key/,
    ],
    [
      "an endless call",
      ["transport: {call: 25 day}"],
      /spec.transport.call is "25 day": expected a duration/,
    ],
    [
      "a part that takes longer than the call",
      ["timeouts: {call: 1s}"],
      /spec.timeouts.connect is 10000 ms: expected at most call, 1000 ms/,
      1,
    ],
    [
      "a batch that is no number",
      ["maxNumBatchRequests: many"],
      /spec.maxNumBatchRequests is "many": expected a whole number/,
    ],
  ];
  for (const [what, lines, message, version] of wrong) {
    it(`is refused with ${what}`, () => {
      assert.match(problemOf(lines, version), message);
    });
  }

  it("is refused without a URL, or with one that is none", () => {
    const refused = (spec: string, message: RegExp) =>
      assert.throws(() => {
        const text = `kind: io.statefun.endpoints.v2/http\nspec: {functions: a/b${spec}}`;
        parseModule([{ file: "m.yaml", text }]);
      }, message);
    refused("", /spec.urlPathTemplate is missing: expected a URL of http/);
    refused(", urlPathTemplate: ftp://x", /"ftp:\/\/x": expected a URL of http/);
    refused(", urlPathTemplate: http+unix:///no/socket", /expected a URL .*socket ends in ".sock"/);
  });
});

describe("the URL of a function type", () => {
  it("has the type's name wherever the template says so", () => {
    const target = resolveUrl("http://{function.name}.example:81/a/{function.name}?x=1", "n/greet");
    assert.deepEqual(target, {
      origin: "http://greet.example:81",
      socketPath: null,
      path: "/a/greet?x=1",
      shown: "http://greet.example:81/a/greet",
    });
  });

  it("of a socket has its path up to the first name that ends in .sock", () => {
    const at = (url: string) => {
      const target = resolveUrl(url, "n/f");
      return [target?.origin, target?.socketPath, target?.path];
    };
    assert.deepEqual(at("http+unix:///uds.sock/path/of/url"), [
      "http://localhost",
      "/uds.sock",
      "/path/of/url",
    ]);
    assert.deepEqual(at("https+unix:///a/b.sock"), ["https://localhost", "/a/b.sock", "/"]);
    assert.deepEqual(at("http+unix:///a.sock/b.sock"), ["http://localhost", "/a.sock", "/b.sock"]);
  });

  it("is none for a name that makes it one of nothing", () => {
    assert.equal(resolveUrl("http://{function.name}", "n/a b"), undefined);
  });
});
