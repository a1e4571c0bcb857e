import { type ChannelCredentials, credentials, Metadata } from "@grpc/grpc-js";
import { FunctionServer } from "../../../subject/function-server.js";
import { identities } from "../../../subject/identities.js";
import { variables } from "../../../subject/told.js";
import { CaseFailure } from "../../case-failure.js";
import { authorization, authorized, dialAs, tlsEnvironment } from "../../credentials.js";
import { stepMs } from "../../events.js";
import { show } from "../../match.js";
import { patienceMs } from "../../patience.js";
import { expectToBeShown, expectVerifiedDial } from "../../verified-dial.js";
import { expectAlive, greet } from "../greet.js";
import type { Scenario } from "../scenarios.js";
import { helloFields, type SdkCase } from "../sdk-case.js";

/** It serves TLS with the certificate that it is told, and nobody without. [TLS-1] */
export const servesTls: Scenario = async (testCase) => {
  const all = identities();
  await testCase.startAs({
    environment: tlsEnvironment(false),
    credentials: dialAs(all),
  });
  await works(testCase);
  await refuses(testCase, "clear text", { how: credentials.createInsecure() });
};

/** It takes only runtimes that show a certificate of the authority that it is told. [TLS-2] */
export const servesMutualTls: Scenario = async (testCase) => {
  const all = identities();
  await testCase.startAs({
    environment: tlsEnvironment(true),
    credentials: dialAs(all, all.kit),
  });
  await works(testCase);
  await refuses(testCase, "a runtime without certificate", { how: dialAs(all) });
  const how = dialAs(all, all.stranger);
  await refuses(testCase, "a certificate of another authority", { how });
};

/** It takes only runtimes that send the authorization that it is told. [TLS-2] */
export const wantsAuthorization: Scenario = async (testCase) => {
  await testCase.startAs({ environment: { [variables.authorization]: authorization } });
  await works(testCase, authorized(authorization));
  const status = "UNAUTHENTICATED";
  await refuses(testCase, "no authorization", { status });
  const metadata = authorized(`${authorization}x`);
  await refuses(testCase, "another authorization", { status, metadata });
};

/** It dials by TLS, opens a stream only to whom it can verify, and serves it. [TLS-1] */
export const dialsByTls: Scenario = async (testCase) => {
  const { stream } = await expectVerifiedDial(testCase, "runtime");
  const session = testCase.take("dialled", stream);
  await greet(session, {});
  await expectAlive(session);
};

/** It shows a certificate and sends its authorization to the runtime that it dials. [TLS-2] */
export const showsWhoItIs: Scenario = (testCase) => expectToBeShown(testCase, "runtime");

/** Opens a stream, shakes hands, and has a function invoked. */
async function works(testCase: SdkCase, metadata = new Metadata()): Promise<void> {
  const stream = testCase.server.open("known", testCase.trace, metadata);
  const session = testCase.take("known", stream);
  await greet(session, {});
  await expectAlive(session);
}

/** No Welcome comes to whoever dials like this. */
async function refuses(
  testCase: SdkCase,
  what: string,
  by: {
    readonly how?: ChannelCredentials;
    readonly metadata?: Metadata;
    readonly status?: string;
  },
): Promise<void> {
  const { address, process } = testCase.server;
  const stranger = new FunctionServer(address, process, by.how);
  testCase.onClose(() => stranger.disconnect());
  const { stream } = testCase.take(what, stranger.open(what, testCase.trace, by.metadata));
  await stream.send({ hello: helloFields({}) });
  const event = await stream.events.takeWithin(patienceMs(stepMs), ({ kind }) => {
    return kind === "welcome" || kind === "end";
  });
  if (event?.kind === "welcome") throw new CaseFailure(`expected no Welcome to ${what}`);
  const status = event?.fields["status"] ?? "nothing";
  if (by.status !== undefined && status !== by.status)
    throw new CaseFailure(`${what}: expected ${by.status}, received ${show(event?.fields)}`);
}
