import { variables } from "../../../subject/told.js";
import { PingRelay } from "../../../wire/ping-relay.js";
import { CaseFailure } from "../../case-failure.js";
import { nextEvent, stepMs } from "../../events.js";
import { expectKeepalive } from "../../keepalive.js";
import { patienceMs } from "../../patience.js";
import { expectRedials } from "../../redial.js";
import { openKit } from "../../verified-dial.js";
import type { RuntimeScenario } from "../runtime-scenarios.js";
import { dialledType, greet } from "../serve.js";

/** It sends PINGs on a connection that a function server has opened. [KEEP-3] */
export const pingsWhoDialled: RuntimeScenario = async (testCase) => {
  const relay = new PingRelay(testCase.runtime.address);
  testCase.onClose(() => relay.close());
  const at = `127.0.0.1:${await relay.listen()}`;
  await greet(testCase, testCase.attach("quiet", { at }), "conformance/@quiet");
  await expectKeepalive(relay, "dialled");
};

/** It sends PINGs on a connection that it has opened. [KEEP-1] */
export const pingsWhomItDialled: RuntimeScenario = async (testCase) => {
  const kit = openKit(testCase, "functionServer");
  const relay = new PingRelay(await kit.listen());
  testCase.onClose(() => relay.close());
  const address = `127.0.0.1:${await relay.listen()}`;
  await testCase.startAs({ environment: { [variables.dial]: address } });
  const dialled = await kit.next(patienceMs(3 * stepMs));
  if (dialled === undefined) throw new CaseFailure("expected it to dial, received no stream");
  await greet(testCase, testCase.take("quiet", dialled.stream), dialledType);
  await expectKeepalive(relay, "dialler");
};

/** How long it waits before it dials again. [CLOSE-5] */
export const dialsAgain: RuntimeScenario = async (testCase) => {
  const kit = openKit(testCase, "functionServer");
  await testCase.startAs({ environment: { [variables.dial]: await kit.listen() } });
  await expectRedials(kit, {
    shakeHands: ({ stream }) => greet(testCase, testCase.take(stream.name, stream), dialledType),
    breakClause: async ({ stream }) => {
      // A frame of no kind. [FRAME-1]
      await stream.sendBytes(Buffer.alloc(0), "a frame of no kind");
      await nextEvent(testCase.take(stream.name, stream), ["error"], stepMs);
    },
  });
};
