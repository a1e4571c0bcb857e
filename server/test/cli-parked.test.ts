import assert from "node:assert/strict";
import { status } from "@grpc/grpc-js";
import type {
  ListParkedRequest,
  ParkedAddress,
  RetryParkedRequest,
} from "@statewire/protos/statewire/v1/admin.js";
import { type Answers, openAnsweringNode } from "./support/answering-node.js";
import { statewire } from "./support/command-line.js";

// Goal: what an operator types and sees. Method: whole command lines against a peer that answers as
// the case says.

async function against(answers: Answers, ...words: string[]) {
  const node = await openAnsweringNode(answers);
  try {
    const result = await statewire(["parked", ...words, "--grpc", node.address]);
    return { ...result, stdout: result.stdout.toString() };
  } finally {
    node.close();
  }
}

const poison: ParkedAddress = {
  address: { namespace: "shop", type: "order", id: "a/1" },
  code: "badInput",
  error: "no\nsuch article",
  attempts: 1,
  firstFailedAtMs: Date.UTC(2024, 0, 2, 3, 4, 5, 600),
  lastFailedAtMs: Date.UTC(2024, 0, 2, 3, 4, 5, 678),
  message: {
    sequence: 17,
    caller: { namespace: "shop", type: "cart", id: "c" },
    value: { typename: "io.statefun.types/long", value: Buffer.from("09ffffffffffffff7f", "hex") },
    traceparent: "",
  },
  waiting: 1,
};

const broken: ParkedAddress = {
  ...poison,
  address: { namespace: "shop", type: "order", id: "" },
  code: "function",
  error: "boom",
  attempts: 70,
  message: {
    sequence: 18,
    caller: undefined,
    value: { typename: "shop/Line", value: Buffer.from([0xff]) },
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  },
  waiting: 2000,
};

describe("statewire parked list", () => {
  it("prints a table with a line for each address", async () => {
    const { stdout, exitCode } = await against(
      { listParked: () => ({ addresses: [poison, broken], more: false }) },
      "list",
    );
    assert.equal(exitCode, 0);
    assert.deepEqual(stdout.split("\n"), [
      "ADDRESS         CODE      ATTEMPTS  SINCE                 BEHIND  TYPE                    VALUE                ERROR",
      "shop/order/a/1  badInput  1         2024-01-02T03:04:05Z  1       io.statefun.types/long  9223372036854775807  no such article",
      "shop/order/     function  70        2024-01-02T03:04:05Z  2000    shop/Line               /w==                 boom",
      "",
    ]);
  });

  it("asks for a type and for what follows an address, page by page", async () => {
    const requests: ListParkedRequest[] = [];
    const listParked = (request: ListParkedRequest) => {
      requests.push(request);
      return { addresses: requests.length === 1 ? [poison, poison] : [broken], more: true };
    };
    const { stdout, stderr } = await against(
      { listParked },
      ...["list", "shop/order", "--after", "shop/order/0", "--limit", "3"],
    );
    const asked = { namespace: "shop", type: "order" };
    assert.deepEqual(requests, [
      { ...asked, after: { ...asked, id: "0" }, limit: 3 },
      { ...asked, after: { ...asked, id: "a/1" }, limit: 1 },
    ]);
    assert.equal(stdout.match(/ADDRESS/g)?.length, 1, "one head");
    assert.equal(stdout.trimEnd().split("\n").length, 4);
    assert.equal(stderr, 'there are more: --after "shop/order/", or a higher --limit\n');
  });

  it("prints lines of JSON that keep every digit", async () => {
    const { stdout } = await against(
      { listParked: () => ({ addresses: [poison, broken], more: false }) },
      ...["list", "--json"],
    );
    assert.deepEqual(stdout.split("\n"), [
      '{"address":"shop/order/a/1","code":"badInput","error":"no\\nsuch article","attempts":1,' +
        '"firstFailedAtMs":1704164645600,"lastFailedAtMs":1704164645678,"waiting":1,"message":' +
        '{"sequence":17,"caller":"shop/cart/c","typename":"io.statefun.types/long",' +
        '"value":9223372036854775807}}',
      '{"address":"shop/order/","code":"function","error":"boom","attempts":70,' +
        '"firstFailedAtMs":1704164645600,"lastFailedAtMs":1704164645678,"waiting":2000,"message":' +
        '{"sequence":18,"caller":null,"typename":"shop/Line","base64":"/w==",' +
        '"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}',
      "",
    ]);
  });

  it("says when nothing is parked", async () => {
    const nothing = { listParked: () => ({ addresses: [], more: false }) };
    const { stdout, stderr, exitCode } = await against(nothing, "list", "shop/order");
    assert.deepEqual([stdout, exitCode], ["", 0]);
    assert.equal(stderr, "no address of shop/order is parked\n");
    assert.equal((await against(nothing, "list")).stderr, "no address is parked\n");
  });
});

describe("statewire parked show", () => {
  it("prints all that is known of an address", async () => {
    const { stdout } = await against(
      { getParked: () => ({ parked: poison }) },
      ...["show", "shop/order/a/1"],
    );
    assert.deepEqual(stdout.split("\n"), [
      "address       shop/order/a/1",
      "code          badInput",
      "error         no",
      "              such article",
      "attempts      1",
      "first failed  2024-01-02T03:04:05Z",
      "parked since  2024-01-02T03:04:05Z",
      "behind it     1 message",
      "message       17",
      "from          shop/cart/c",
      "type          io.statefun.types/long",
      "value         9223372036854775807",
      "",
    ]);
  });

  it("says of bytes that they are in base64, and where they came from", async () => {
    const { stdout } = await against(
      { getParked: () => ({ parked: broken }) },
      ...["show", "shop/order/"],
    );
    assert.match(stdout, /^from {10}an ingress$/m);
    assert.match(stdout, /^value {9}\/w== \(base64\)$/m);
    assert.match(stdout, /^traceparent {3}00-0af/m);
  });

  it("prints JSON", async () => {
    const { stdout } = await against(
      { getParked: () => ({ parked: broken }) },
      ...["show", "shop/order/", "--json"],
    );
    assert.equal((JSON.parse(stdout) as { message: { base64: string } }).message.base64, "/w==");
  });

  it("exits with 1 for an address that is not parked", async () => {
    const details = "shop/order/9 is not parked";
    const { exitCode, stderr, stdout } = await against(
      { getParked: () => ({ code: status.NOT_FOUND, details }) },
      ...["show", "shop/order/9"],
    );
    assert.deepEqual([exitCode, stdout], [1, ""]);
    assert.equal(stderr, `statewire: not found: ${details}\n`);
  });
});

describe("statewire parked retry", () => {
  async function asked(...words: string[]) {
    const requests: RetryParkedRequest[] = [];
    const retryParked = (request: RetryParkedRequest) => {
      requests.push(request);
      return { retried: requests.length };
    };
    const { stdout, exitCode } = await against({ retryParked }, "retry", ...words);
    assert.equal(exitCode, 0);
    return [requests[0]?.addresses, stdout];
  }

  it("asks for one address, those of a type, or all", async () => {
    const value = { namespace: "shop", type: "order", id: "1" };
    const one = { $case: "address", value };
    assert.deepEqual(await asked("shop/order/1"), [one, "shop/order/1 tries again\n"]);
    const ofType = { $case: "typeName", value: "shop/order" };
    assert.deepEqual(await asked("--type", "shop/order"), [ofType, "1 address tries again\n"]);
    const all = { $case: "all", value: true };
    assert.deepEqual(await asked("--all", "--json"), [all, '{"retried":1}\n']);
  });

  it("takes exactly one of them", async () => {
    for (const words of [[], ["a/b/c", "--all"], ["--type", "a/b", "--all"]]) {
      const { exitCode, stderr } = await against({}, "retry", ...words);
      assert.equal(exitCode, 2);
      assert.equal(stderr, "statewire: expected one of ADDRESS, --type TYPE and --all\n");
    }
  });
});

describe("statewire parked drop", () => {
  it("prints what it has dropped", async () => {
    const { stdout, exitCode } = await against(
      { dropParked: ({ sequence }) => (sequence === 0 ? { dropped: poison } : refusal) },
      ...["drop", "shop/order/a/1"],
    );
    assert.equal(exitCode, 0);
    assert.match(stdout, /^dropped\naddress {7}shop\/order\/a\/1\n/);
    assert.match(stdout, /^value {9}9223372036854775807$/m);
  });

  it("drops a message only if it is the one that was meant", async () => {
    const answers: Answers = {
      dropParked: ({ sequence }) => (sequence === 17 ? { dropped: poison } : refusal),
    };
    const meant = await against(answers, ...["drop", "shop/order/a/1", "--message", "17"]);
    assert.equal(meant.exitCode, 0);
    const other = await against(answers, ...["drop", "shop/order/a/1", "--message", "18"]);
    assert.equal(other.exitCode, 1);
    assert.equal(other.stderr, `statewire: failed precondition: ${refusal.details}\n`);
  });

  it("exits with 2 for what is no address, no type and no message", async () => {
    for (const words of [
      ["drop", "shop"],
      ["drop", "a/b/c", "--message", "0"],
      ["show", "shop/order"],
      ["list", "shop"],
      ["list", "--after", "shop/order"],
      ["retry", "--type", "shop"],
    ]) {
      assert.equal((await against({}, ...words)).exitCode, 2, words.join(" "));
    }
  });
});

const refusal = {
  code: status.FAILED_PRECONDITION,
  details: "shop/order/a/1 is parked for message 17, not for 18",
};
