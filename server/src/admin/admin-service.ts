import type { handleUnaryCall } from "@grpc/grpc-js";
import {
  type AddressState,
  AdminService,
  type GetStateResponse,
  type InspectRequest,
  type InspectResponse,
  type ListStateResponse,
  type NamedState,
} from "@statewire/protos/statewire/v1/admin.js";
import {
  decodeGetStateRequest,
  decodeListStateRequest,
  type StateListQuery,
  type StateQuery,
} from "../codec/admin-codec.js";
import type { Decoded } from "../codec/ingress-codec.js";
import { answer, listBytesMax, unknownType } from "./answer.js";
import { checkpointDefinition, createCheckpointHandlers } from "./checkpoint-handlers.js";
import type { CheckpointPort } from "./checkpoint-port.js";
import type { AddressStateView, CheckpointView, NodeView, StateView } from "./node-view.js";
import { createParkedHandlers, parkedDefinition } from "./parked-handlers.js";
import type { ParkedPort } from "./parked-port.js";

const definition = {
  getState: { ...AdminService.getState, requestDeserialize: decodeGetStateRequest },
  listState: { ...AdminService.listState, requestDeserialize: decodeListStateRequest },
  inspect: AdminService.inspect,
  ...parkedDefinition,
  ...checkpointDefinition,
};

/** Takes the place of the generated AdminServer: requests arrive validated. */
interface Implementation {
  readonly getState: handleUnaryCall<Decoded<StateQuery>, GetStateResponse>;
  readonly listState: handleUnaryCall<Decoded<StateListQuery>, ListStateResponse>;
  readonly inspect: handleUnaryCall<InspectRequest, InspectResponse>;
}

/** What an operator may decide. */
export interface AdminPorts {
  readonly parked: ParkedPort;
  readonly checkpoints: CheckpointPort;
}

/** The Admin service over a view of the node, as server.addService() takes it. */
export function createAdminService(view: NodeView, ports: AdminPorts) {
  const implementation: Implementation = {
    getState: ({ request }, callback) => {
      answer({ view, request, callback }, (query) => {
        return getState(view, query) ?? unknownType(view, query.typeName);
      });
    },
    listState: ({ request }, callback) => {
      answer({ view, request, callback }, (query) => {
        return listState(view, query) ?? unknownType(view, query.typeName);
      });
    },
    inspect: (_call, callback) => callback(null, inspect(view)),
  };
  return {
    definition,
    implementation: {
      ...implementation,
      ...createParkedHandlers(view, ports.parked),
      ...createCheckpointHandlers(ports.checkpoints),
    },
  };
}

function getState(view: NodeView, query: StateQuery): GetStateResponse | undefined {
  const states = view.readState(query.typeName, query.id);
  if (states === undefined) return undefined;
  const wanted = states.filter(({ name }) => query.name === null || name === query.name);
  return { states: wanted.map(toNamedState) };
}

function listState(view: NodeView, query: StateListQuery): ListStateResponse | undefined {
  const found = view.listState(query.typeName, query.afterId);
  if (found === undefined) return undefined;
  const addresses: AddressState[] = [];
  let bytes = 0;
  for (const address of found) {
    if (addresses.length === query.limit || bytes >= listBytesMax) {
      return { addresses, more: true };
    }
    addresses.push({ id: address.id, states: address.states.map(toNamedState) });
    bytes += stateBytes(address);
  }
  return { addresses, more: false };
}

function inspect(view: NodeView): InspectResponse {
  const { epochDurable, epochFolded } = view.storage();
  return {
    version: view.version,
    nodeId: view.nodeId,
    dataDirectory: view.dataDirectory,
    uptimeMs: Math.round(view.uptimeMs()),
    epochDurable,
    epochFolded,
    functions: [...view.functionTypes()]
      .map(({ name, addressesActive, counters }) => ({
        typeName: name,
        addressesActive,
        messagesWaiting: counters.waiting,
        invocationsInFlight: counters.inFlight,
        addressesParked: counters.parked,
      }))
      .sort((a, b) => (a.typeName < b.typeName ? -1 : 1)),
    endpoints: view.endpoints().map(({ endpoint, functions, ...server }) => ({
      ...server,
      functions: functions.length > 0 ? [...functions] : (endpoint?.split(" ") ?? []),
    })),
    egresses: [...view.egresses()],
    timers: view.timerCount(),
    ingresses: [...view.ingresses()],
    checkpoint: toCheckpointStatus(view.checkpoints()),
  };
}

function toCheckpointStatus({ ageMs, ...status }: CheckpointView) {
  const { number, epoch, reason, pendingBytes } = status;
  return { number, epoch, ageMs: Math.round(ageMs), reason, pendingBytes };
}

function toNamedState({ name, typename, value, expiresAtMs }: StateView): NamedState {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
  return { name, value: { typename, value: bytes }, expiresAtMs };
}

function stateBytes({ id, states }: AddressStateView): number {
  return states.reduce((total, { value }) => total + value.length, id.length);
}
