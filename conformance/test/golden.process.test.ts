import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type ReplayTarget, replay } from "../src/golden/replay.js";
import { parseTranscript, type RecordedCase } from "../src/golden/transcript.js";
import { runtimeFrame, serverFrame } from "../src/protocol/protocol.js";
import { toBytes } from "../src/runner/values.js";
import { FunctionServer } from "../src/subject/function-server.js";
import { Runtime } from "../src/subject/runtime.js";
import { Trace } from "../src/wire/trace.js";

// Goal: today's SDK works with yesterday's runtime, and today's runtime with yesterday's SDK. Method:
// golden/ holds the frames of both sides, recorded once per protocol version and never changed. What
// the other side sent then is sent again, and today's side has to answer as it did.

const folder = fileURLToPath(new URL("../..", import.meta.url));

/** A case in which the server sends Welcome and nothing else: a difference is seen at once. */
const aWelcome = "handshake/chooses a version that it speaks";

function transcripts(subject: "sdk" | "runtime"): readonly string[] {
  return readdirSync(`${folder}/golden`).filter((file) => file.endsWith(`-${subject}.jsonl`));
}

async function differences(
  cases: readonly RecordedCase[],
  target: ReplayTarget,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const each of cases) {
    try {
      await replay(each, target);
    } catch (error) {
      found.push(`${each.case}: ${(error as Error).message}`);
    }
  }
  return found;
}

function read(file: string): readonly RecordedCase[] {
  return parseTranscript(readFileSync(`${folder}/golden/${file}`, "utf8"));
}

/** The text of a message is bytes in JSON as { type: "Buffer", data }. */
function revive(_key: string, value: unknown): unknown {
  const object = value as { type?: unknown; data?: readonly number[] } | null;
  return typeof object === "object" && object?.type === "Buffer"
    ? Buffer.from(object.data ?? [])
    : value;
}

describe("golden transcripts", () => {
  for (const file of transcripts("sdk")) {
    it(`${file}: the SDK answers a runtime of then as it did`, async function () {
      this.timeout(240_000);
      const server = await FunctionServer.start([`${folder}/subjects/sdk-ts/run.sh`]);
      const cases = read(file);
      try {
        const target: ReplayTarget = {
          open: (name) => server.open(name, new Trace()),
          decode: (bytes) => serverFrame.decode(bytes),
          leave: async () => undefined,
          call: () => assert.fail("an SDK is not called"),
        };
        assert.deepEqual(await differences(cases, target), []);
        const welcomed = cases.find(({ case: name }) => name === aWelcome);
        const changed = { case: "changed", lines: welcomed?.lines.map(change) ?? [] };
        assert.equal((await differences([changed], target)).length, 1, "a difference is seen");
      } finally {
        await server.stop();
      }
      assert.ok(cases.length > 60, `${cases.length} cases`);
    });
  }

  for (const file of transcripts("runtime")) {
    it(`${file}: the runtime serves an SDK of then as it did`, async function () {
      this.timeout(240_000);
      const runtime = await Runtime.start([`${folder}/subjects/statewire/run.sh`]);
      const cases = read(file);
      try {
        const target: ReplayTarget = {
          open: (name) => runtime.attach(name, new Trace()),
          decode: (bytes) => runtimeFrame.decode(bytes),
          // A stream that drains is closed once its results are taken.
          leave: async (stream) => {
            await stream.send({ drain: {} });
            await stream.events.takeWithin(1000, ({ kind }) => kind === "end");
          },
          call: async (service, request) => {
            const [name = "", method = ""] = service.split(".");
            return (await runtime.call(name, method, JSON.parse(request, revive))).status;
          },
        };
        assert.deepEqual(await differences(cases, target), []);
      } finally {
        await runtime.stop();
      }
      assert.ok(cases.length > 40, `${cases.length} cases`);
    });
  }
});

/** The version that Welcome named is another one. */
function change(line: RecordedCase["lines"][number]): RecordedCase["lines"][number] {
  if (line[1] !== "received") return line;
  const bytes = serverFrame.encode({ welcome: { version: 7 } });
  return [line[0], "received", toBytes({ hex: bytes.toString("hex") }).toString("base64")];
}
