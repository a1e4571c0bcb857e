import { FunctionServer } from "../../../subject/function-server.js";
import { variables } from "../../../subject/told.js";
import { PingRelay } from "../../../wire/ping-relay.js";
import { CaseFailure } from "../../case-failure.js";
import { nextEvent, stepMs } from "../../events.js";
import { expectKeepalive } from "../../keepalive.js";
import { patienceMs } from "../../patience.js";
import { expectRedials } from "../../redial.js";
import { openKit } from "../../verified-dial.js";
import { expectAlive, greet } from "../greet.js";
import type { Scenario } from "../scenarios.js";

/** It sends PINGs on a connection that a runtime has opened. [KEEP-3] */
export const pingsWhoDialled: Scenario = async (testCase) => {
  const relay = new PingRelay(testCase.server.address);
  testCase.onClose(() => relay.close());
  const address = `127.0.0.1:${await relay.listen()}`;
  const server = new FunctionServer(address, testCase.server.process);
  testCase.onClose(() => server.disconnect());
  const session = testCase.take("quiet", server.open("quiet", testCase.trace));
  await greet(session, {});
  await expectAlive(session);
  await expectKeepalive(relay, "dialled");
};

/** It sends PINGs on a connection that it has opened. [KEEP-1] */
export const pingsWhomItDialled: Scenario = async (testCase) => {
  const kit = openKit(testCase, "runtime");
  const relay = new PingRelay(await kit.listen());
  testCase.onClose(() => relay.close());
  const address = `127.0.0.1:${await relay.listen()}`;
  await testCase.startAs({ environment: { [variables.dial]: address } });
  const dialled = await kit.next(patienceMs(3 * stepMs));
  if (dialled === undefined) throw new CaseFailure("expected it to dial, received no stream");
  const session = testCase.take("quiet", dialled.stream);
  await greet(session, {});
  await expectAlive(session);
  await expectKeepalive(relay, "dialler");
};

/** How long it waits before it dials again. [CLOSE-5] */
export const dialsAgain: Scenario = async (testCase) => {
  const kit = openKit(testCase, "runtime");
  await testCase.startAs({ environment: { [variables.dial]: await kit.listen() } });
  await expectRedials(kit, {
    shakeHands: ({ stream }) => greet(testCase.take(stream.name, stream), {}),
    breakClause: async ({ stream }) => {
      const session = testCase.take(stream.name, stream);
      // A frame of no kind. [FRAME-1]
      await stream.sendBytes(Buffer.alloc(0), "a frame of no kind");
      await nextEvent(session, ["error"], stepMs);
    },
  });
};
