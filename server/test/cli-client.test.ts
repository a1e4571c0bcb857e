import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { status } from "@grpc/grpc-js";
import type { InspectResponse, ListStateRequest } from "@statewire/protos/statewire/v1/admin.js";
import type { CallRequest, SendRequest } from "@statewire/protos/statewire/v1/ingress.js";
import { type Answers, openAnsweringNode } from "./support/answering-node.js";
import { type CommandLineOptions, statewire } from "./support/command-line.js";

/** Runs a command line against a node that answers so. */
async function against(answers: Answers, words: readonly string[], options?: CommandLineOptions) {
  const node = await openAnsweringNode(answers);
  try {
    return await statewire([...words, "--grpc", node.address], options);
  } finally {
    node.close();
  }
}

async function sent(words: readonly string[], options?: CommandLineOptions): Promise<SendRequest> {
  const requests: SendRequest[] = [];
  const send = (request: SendRequest) => {
    requests.push(request);
    return { duplicate: false };
  };
  const { exitCode, stderr } = await against({ send }, ["send", ...words], options);
  assert.equal(exitCode, 0, stderr);
  const [request, ...more] = requests;
  assert.ok(request !== undefined && more.length === 0);
  return request;
}

describe("statewire send", () => {
  it("sends a string to an address whose id may hold slashes", async () => {
    assert.deepEqual(await sent(["example/person/Bob/1", "hi"]), {
      target: { namespace: "example", type: "person", id: "Bob/1" },
      message: { typename: "io.statefun.types/string", value: Buffer.from("0a026869", "hex") },
      idempotencyKey: "",
      producer: undefined,
      delayMs: 0,
      traceparent: "",
    });
  });

  it("sends what its flags say", async () => {
    const request = await sent(
      ["a/b/c", "1", "--long", "--delay", "10 sec", "--source", "s", "--sequence", "7"].concat(
        "--traceparent",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      ),
    );
    assert.deepEqual(request.producer, { source: "s", sequence: 7 });
    assert.equal(request.delayMs, 10_000);
    assert.match(request.traceparent, /^00-0af/);
    assert.equal((await sent(["a/b/c", "x", "--key", "k"])).idempotencyKey, "k");
  });

  const values: readonly (readonly [string[], CommandLineOptions, string, string])[] = [
    [["1", "--int"], {}, "io.statefun.types/int", "0d01000000"],
    [["-2", "--int"], {}, "io.statefun.types/int", "0dfeffffff"],
    [["0", "--int"], {}, "io.statefun.types/int", ""],
    [["DQEAAAA=", "--int", "--base64"], {}, "io.statefun.types/int", "0d01000000"],
    [["--type", "a/T", "--base64"], { stdin: "/w==\n" }, "a/T", "ff"],
    [["1", "--long"], {}, "io.statefun.types/long", "090100000000000000"],
    [["1.5", "--float"], {}, "io.statefun.types/float", "0d0000c03f"],
    [["1.5", "--double"], {}, "io.statefun.types/double", "09000000000000f83f"],
    [["true", "--bool"], {}, "io.statefun.types/bool", "0801"],
    [["", "--string"], {}, "io.statefun.types/string", ""],
    [["5", "--type", "io.statefun.types/int"], {}, "io.statefun.types/int", "0d05000000"],
    [["hi", "--type", "a/T"], {}, "a/T", "6869"],
    [['{"a": 1}', "--json-type", "a/T"], {}, "a/T", "7b2261223a20317d"],
    [[], { stdin: "hi\n" }, "io.statefun.types/string", "0a026869"],
    [["-"], { stdin: "hi\n" }, "io.statefun.types/string", "0a026869"],
    [["--type", "a/T"], { stdin: "hi\n" }, "a/T", "68690a"],
    [["--type", "a/T", "-"], { stdin: "" }, "a/T", ""],
    [["--file", "f"], { files: { f: "" } }, "io.statefun.types/string", ""],
    [["--file", "f", "--type", "a/T"], { files: { f: Buffer.from([0xff, 0x00]) } }, "a/T", "ff00"],
    [["--file", "f", "--int"], { files: { f: "7\n" } }, "io.statefun.types/int", "0d07000000"],
  ];
  for (const [words, options, typename, hex] of values) {
    it(`encodes ${[...words, ...Object.keys(options)].join(" ")} as ${typename} ${hex}`, async () => {
      const { message } = await sent(["a/b/c", ...words], options);
      assert.equal(message?.typename, typename);
      assert.equal(message.value?.toString("hex"), hex);
    });
  }

  it("says whether the message is new", async () => {
    const once = await against({ send: () => ({ duplicate: false }) }, ["send", "a/b/c", "x"]);
    assert.equal(once.stdout.toString(), "accepted\n");
    const again = await against({ send: () => ({ duplicate: true }) }, ["send", "a/b/c", "x"]);
    assert.equal(again.stdout.toString(), "duplicate: accepted before\n");
    const json = await against({ send: () => ({ duplicate: true }) }, [
      "send",
      "a/b/c",
      "x",
      "--json",
    ]);
    assert.deepEqual(JSON.parse(json.stdout.toString()), { duplicate: true });
  });

  it("exits with 1 and the node's words when the message is refused", async () => {
    const details = "no function a/b; known: example/person";
    const { exitCode, stdout, stderr } = await against(
      { send: () => ({ code: status.NOT_FOUND, details }) },
      ["send", "a/b/c", "x"],
    );
    assert.equal(exitCode, 1);
    assert.equal(stdout.toString(), "");
    assert.equal(stderr, `statewire: not found: ${details}\n`);
  });

  it("exits with 1 and says how to go on when no node listens", async () => {
    const node = await openAnsweringNode({});
    node.close();
    const { exitCode, stderr } = await statewire(["send", "a/b/c", "x", "--grpc", node.address]);
    assert.equal(exitCode, 1);
    assert.equal(
      stderr,
      `statewire: no node listens at ${node.address}: start one with "statewire run", or name another with --grpc\n`,
    );
  });

  it("exits with 1 and says what answers there when that is no node", async () => {
    const http = createServer((_request, response) => response.end("hello"));
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    const address = `127.0.0.1:${(http.address() as AddressInfo).port}`;
    const { exitCode, stderr } = await statewire(["send", "a/b/c", "x", "--grpc", address]);
    http.closeAllConnections();
    http.close();
    assert.equal(exitCode, 1);
    assert.ok(stderr.startsWith(`statewire: ${address} does not speak gRPC (`), stderr);
    const other = await against({}, ["inspect"]);
    assert.equal(other.exitCode, 1);
    assert.match(
      other.stderr,
      /^statewire: 127\.0\.0\.1:\d+ is a gRPC server, but no node that can do this: /,
    );
  });

  it("exits with 1 and says that the host is not known", async () => {
    const { exitCode, stderr } = await statewire([
      ..."inspect --grpc no.host.invalid:1".split(" "),
    ]);
    assert.equal(exitCode, 1);
    assert.match(stderr, /^statewire: cannot reach no\.host\.invalid:1 \(--grpc\): /);
  });

  it("finds the node by the settings of the working directory", async () => {
    const node = await openAnsweringNode({ send: () => ({ duplicate: false }) });
    const files = { "statewire.yaml": `grpc: ${node.address.replace("127.0.0.1", "0.0.0.0")}` };
    const { exitCode, stderr } = await statewire(["send", "a/b/c", "x"], { files });
    node.close();
    assert.equal(exitCode, 0, stderr);
  });
});

describe("statewire call", () => {
  const string = (hex: string) => ({
    reply: { typename: "io.statefun.types/string", value: Buffer.from(hex, "hex") },
  });

  it("prints the reply as text, and as JSON with its type", async () => {
    const requests: CallRequest[] = [];
    const call = (request: CallRequest) => {
      requests.push(request);
      return string("0a026869");
    };
    const text = await against({ call }, ["call", "a/b/c", "x", "--key", "k"]);
    assert.equal(text.stdout.toString(), "hi\n");
    assert.equal(requests[0]?.idempotencyKey, "k");
    const json = await against({ call }, ["call", "a/b/c", "x", "--json"]);
    assert.deepEqual(JSON.parse(json.stdout.toString()), {
      replied: true,
      typename: "io.statefun.types/string",
      value: "hi",
    });
  });

  it("prints every digit of a long", async () => {
    const value = Buffer.from("09ffffffffffffff7f", "hex");
    const reply = { reply: { typename: "io.statefun.types/long", value } };
    const { stdout } = await against({ call: () => reply }, ["call", "a/b/c", "x", "--json"]);
    assert.match(stdout.toString(), /"value":9223372036854775807\}/);
  });

  it("prints bytes that are no text as they are, but on a terminal in base64", async () => {
    const value = Buffer.from([0xff, 0x00, 0x0a]);
    const call = () => ({ reply: { typename: "a/Png", value } });
    const piped = await against({ call }, ["call", "a/b/c", "x"]);
    assert.deepEqual(piped.stdout, value);
    const shown = await against({ call }, ["call", "a/b/c", "x"], { isTTY: true });
    assert.equal(shown.stdout.toString(), "/wAK\n");
  });

  it("prints no data when the function did not reply", async () => {
    const text = await against({ call: () => ({ reply: undefined }) }, ["call", "a/b/c", "x"]);
    assert.deepEqual([text.exitCode, text.stdout.toString()], [0, ""]);
    assert.equal(text.stderr, "the function did not reply\n");
    const json = await against({ call: () => ({ reply: undefined }) }, [
      "call",
      "a/b/c",
      "x",
      "--json",
    ]);
    assert.equal(json.stdout.toString(), '{"replied":false}\n');
  });

  it("exits with 1 when the reply does not come in time, and says that the message runs", async () => {
    const { exitCode, stderr } = await against({ call: () => "nothing" }, [
      ..."call a/b/c x --timeout".split(" "),
      "50 ms",
    ]);
    assert.equal(exitCode, 1);
    assert.equal(stderr, "statewire: no reply within 50 ms; the message runs all the same\n");
    const details = "no reply within 49 ms: no function server is ready";
    const refused = await against({ call: () => ({ code: status.DEADLINE_EXCEEDED, details }) }, [
      ..."call a/b/c x".split(" "),
    ]);
    assert.equal(refused.stderr, `statewire: ${details}\n`);
  });
});

const states = [
  {
    name: "count",
    value: { typename: "io.statefun.types/int", value: Buffer.from("0d05000000", "hex") },
    expiresAtMs: 0,
  },
  {
    name: "basket",
    value: { typename: "shop/Basket", value: Buffer.from('{"socks":3}') },
    expiresAtMs: 1_700_000_000_000,
  },
];

describe("statewire state get", () => {
  it("prints a table of every state", async () => {
    const { stdout } = await against({ getState: () => ({ states }) }, ["state", "get", "a/b/c"]);
    assert.equal(
      stdout.toString(),
      [
        "STATE   TYPE                   VALUE        EXPIRES",
        "count   io.statefun.types/int  5",
        'basket  shop/Basket            {"socks":3}  2023-11-14T22:13:20.000Z',
        "",
      ].join("\n"),
    );
  });

  it("prints JSON", async () => {
    const words = ["state", "get", "a/b/c", "--json"];
    const { stdout } = await against({ getState: () => ({ states }) }, words);
    assert.deepEqual(JSON.parse(stdout.toString()), [
      { name: "count", typename: "io.statefun.types/int", value: 5 },
      {
        name: "basket",
        typename: "shop/Basket",
        value: { socks: 3 },
        expiresAtMs: 1_700_000_000_000,
      },
    ]);
  });

  it("prints a named state's value alone, and fails when there is none", async () => {
    const getState = ({ name }: { name: string }) => ({
      states: states.filter((state) => state.name === name),
    });
    const found = await against({ getState }, ["state", "get", "a/b/c", "count"]);
    assert.equal(found.stdout.toString(), "5\n");
    const missing = await against({ getState }, ["state", "get", "a/b/c", "total"]);
    assert.equal(missing.exitCode, 1);
    assert.equal(missing.stderr, 'statewire: a/b/c has no value of the state "total"\n');
  });
});

describe("statewire state list", () => {
  const ids = Array.from({ length: 2500 }, (_, index) => String(index).padStart(4, "0"));
  const listState = ({ afterId, limit }: ListStateRequest) => {
    const rest = ids.filter((id) => id > (afterId ?? ""));
    const page = rest.slice(0, limit);
    return {
      addresses: page.map((id) => ({ id, states: states.slice(0, 1) })),
      more: page.length < rest.length,
    };
  };

  it("prints a page, and says on standard error how to see more", async () => {
    const words = ["state", "list", "a/b", "--after", "0003", "--limit", "2"];
    const { stdout, stderr } = await against({ listState }, words);
    assert.equal(
      stdout.toString(),
      [
        "ID    STATE  TYPE                   VALUE  EXPIRES",
        "0004  count  io.statefun.types/int  5",
        "0005  count  io.statefun.types/int  5",
        "",
      ].join("\n"),
    );
    assert.equal(stderr, 'there are more: --after "0005", or a higher --limit\n');
  });

  it("asks page by page for a long list, and prints a line of JSON for each address", async () => {
    const words = ["state", "list", "a/b", "--limit", "100000", "--json"];
    const { stdout, stderr } = await against({ listState }, words);
    const lines = stdout.toString().trimEnd().split("\n");
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).id),
      ids,
    );
    assert.equal(stderr, "");
  });

  it("has one line of heads, however many pages there are", async () => {
    const words = ["state", "list", "a/b", "--limit", "100000"];
    const { stdout } = await against({ listState }, words);
    const lines = stdout.toString().trimEnd().split("\n");
    assert.equal(lines.length, 1 + ids.length);
    assert.equal(lines.filter((line) => line.startsWith("ID ")).length, 1);
  });

  it("says when there is nothing to list", async () => {
    const listState = () => ({ addresses: [], more: false });
    const text = await against({ listState }, ["state", "list", "a/b"]);
    assert.deepEqual([text.exitCode, text.stdout.toString()], [0, ""]);
    assert.equal(text.stderr, "no address of a/b has state\n");
    const json = await against({ listState }, ["state", "list", "a/b", "--after", "x", "--json"]);
    assert.deepEqual([json.exitCode, json.stdout.toString()], [0, ""]);
    const { level, msg } = JSON.parse(json.stderr);
    assert.deepEqual([level, msg], ["info", 'no address of a/b after "x" has state']);
  });

  it("does not ask for ever when a page is empty and promises more", async () => {
    const empty = () => ({ addresses: [], more: true });
    const { exitCode, stdout } = await against({ listState: empty }, ["state", "list", "a/b"]);
    assert.deepEqual([exitCode, stdout.toString()], [0, ""]);
  });
});

describe("statewire inspect", () => {
  const answer: InspectResponse = {
    version: "0.1.0",
    nodeId: "node-1",
    dataDirectory: "/data",
    uptimeMs: 93_784_000,
    epochDurable: 12,
    checkpoint: { number: 3, epoch: 9, ageMs: 4000, reason: "store down", pendingBytes: 10 },
    epochFolded: 10,
    functions: [
      {
        typeName: "a/b",
        addressesActive: 1,
        messagesWaiting: 2,
        invocationsInFlight: 3,
        addressesParked: 4,
      },
    ],
    endpoints: [
      {
        address: "localhost:7500",
        state: "backing-off",
        reason: "ECONNREFUSED",
        sdk: "",
        functions: ["a/*"],
        invocationsInFlight: 0,
      },
    ],
    egresses: [
      {
        name: "a/out",
        kind: "statewire.file.v1/egress",
        sequenceLast: 2 ** 40,
        sequenceAcknowledged: 7,
        state: "stopped",
        reason: "the server answers 400",
      },
    ],
    ingresses: [],
    timers: 5,
  };

  it("prints what the node is doing in tables, without those that are empty", async () => {
    const { stdout, stderr } = await against({ inspect: () => answer }, ["inspect"]);
    assert.equal(stderr, "");
    assert.equal(
      stdout.toString(),
      [
        "node     node-1",
        "version  0.1.0",
        "data     /data",
        "up       1d 2h",
        "epochs   12 durable, 10 folded",
        "timers   5",
        "saved    checkpoint 3 up to epoch 9, 4s ago; late: store down",
        "",
        "FUNCTION  ACTIVE  WAITING  IN FLIGHT  PARKED",
        "a/b       1       2        3          4",
        "",
        "ENDPOINT        STATE        IN FLIGHT  FUNCTIONS  SDK  REASON",
        "localhost:7500  backing-off  0          a/*             ECONNREFUSED",
        "",
        "EGRESS  KIND                      STATE    RECORDS        ACKNOWLEDGED  BEHIND         REASON",
        "a/out   statewire.file.v1/egress  stopped  1099511627776  7             1099511627769  the server answers 400",
        "",
      ].join("\n"),
    );
  });

  it("goes on with --watch until the node is gone, on a terminal in the same place", async () => {
    const watch = async (words: readonly string[], options?: CommandLineOptions) => {
      let asked = 0;
      const inspect = () => {
        asked++;
        return asked < 3 ? answer : { code: status.UNAVAILABLE, details: "the node stops" };
      };
      const result = await against({ inspect }, ["inspect", "--watch", "1 ms", ...words], options);
      assert.deepEqual([result.exitCode, asked], [1, 3]);
      return result.stdout.toString();
    };
    const lines = (await watch([])).split("\n");
    assert.deepEqual(
      lines.flatMap((line, index) => (line.startsWith("node ") ? [index] : [])),
      [0, lines.length / 2],
    );
    const json = (await watch(["--json"], { isTTY: true })).trimEnd().split("\n");
    assert.deepEqual(
      json.map((line) => JSON.parse(line).nodeId),
      ["node-1", "node-1"],
    );
    const [before, first = "", second = ""] = (await watch([], { isTTY: true })).split("\u001b[H");
    assert.equal(before, "\u001b[2J");
    assert.equal(first, second);
    assert.ok(first.startsWith("node     node-1\u001b[K\n"), first);
    assert.ok(first.endsWith("\u001b[K\n\u001b[J\n"), first);
  });

  it("prints the whole answer as JSON", async () => {
    const { stdout } = await against({ inspect: () => answer }, ["inspect", "--json"]);
    assert.deepEqual(JSON.parse(stdout.toString()), answer);
  });
});
