import { Server, ServerCredentials, type ServiceError, status } from "@grpc/grpc-js";
import {
  type AdminServer,
  AdminService,
  type CreateCheckpointResponse,
  type DropParkedRequest,
  type DropParkedResponse,
  type GetParkedRequest,
  type GetParkedResponse,
  type GetStateRequest,
  type GetStateResponse,
  type InspectResponse,
  type ListParkedRequest,
  type ListParkedResponse,
  type ListStateRequest,
  type ListStateResponse,
  type RetryParkedRequest,
  type RetryParkedResponse,
} from "@statewire/protos/statewire/v1/admin.js";
import {
  type CallRequest,
  type CallResponse,
  type IngressServer,
  IngressService,
  type SendRequest,
  type SendResponse,
} from "@statewire/protos/statewire/v1/ingress.js";

/** What each method answers: a response, an error, or nothing at all. */
export interface Answers {
  readonly send?: (request: SendRequest) => SendResponse | Refused;
  readonly call?: (request: CallRequest) => CallResponse | Refused | "nothing";
  readonly getState?: (request: GetStateRequest) => GetStateResponse | Refused;
  readonly listState?: (request: ListStateRequest) => ListStateResponse | Refused;
  readonly inspect?: () => InspectResponse | Refused;
  readonly listParked?: (request: ListParkedRequest) => ListParkedResponse | Refused;
  readonly getParked?: (request: GetParkedRequest) => GetParkedResponse | Refused;
  readonly retryParked?: (request: RetryParkedRequest) => RetryParkedResponse | Refused | "nothing";
  readonly dropParked?: (request: DropParkedRequest) => DropParkedResponse | Refused;
  readonly createCheckpoint?: () => CreateCheckpointResponse | Refused;
}

export interface Refused {
  readonly code: status;
  readonly details: string;
}

/** The client's side of the wire is under test: a peer that answers as a case says. */
export async function openAnsweringNode(
  answers: Answers,
): Promise<{ readonly address: string; readonly close: () => void }> {
  const server = new Server();
  server.addService(IngressService, {
    send: (call, done) => reply(answers.send?.(call.request), done),
    call: (call, done) => reply(answers.call?.(call.request), done),
    sendStream: (call) => call.end(),
  } satisfies IngressServer);
  server.addService(AdminService, {
    getState: (call, done) => reply(answers.getState?.(call.request), done),
    listState: (call, done) => reply(answers.listState?.(call.request), done),
    inspect: (_call, done) => reply(answers.inspect?.(), done),
    listParked: (call, done) => reply(answers.listParked?.(call.request), done),
    getParked: (call, done) => reply(answers.getParked?.(call.request), done),
    retryParked: (call, done) => reply(answers.retryParked?.(call.request), done),
    dropParked: (call, done) => reply(answers.dropParked?.(call.request), done),
    createCheckpoint: (_call, done) => reply(answers.createCheckpoint?.(), done),
  } satisfies AdminServer);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { address: `127.0.0.1:${port}`, close: () => server.forceShutdown() };
}

function reply<Response extends object>(
  answer: Response | Refused | "nothing" | undefined,
  done: (error: Partial<ServiceError> | null, response?: Response) => void,
): void {
  if (answer === "nothing") return;
  if (answer === undefined) done({ code: status.UNIMPLEMENTED, details: "not part of this case" });
  else if ("code" in answer && "details" in answer) done(answer);
  else done(null, answer as Response);
}
