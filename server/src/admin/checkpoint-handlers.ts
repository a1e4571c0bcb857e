import { type handleUnaryCall, status } from "@grpc/grpc-js";
import {
  AdminService,
  type CreateCheckpointRequest,
  type CreateCheckpointResponse,
} from "@statewire/protos/statewire/v1/admin.js";
import type { CheckpointPort } from "./checkpoint-port.js";

/** The method about checkpoints: its request says nothing. */
export const checkpointDefinition = { createCheckpoint: AdminService.createCheckpoint };

interface CheckpointHandlers {
  readonly createCheckpoint: handleUnaryCall<CreateCheckpointRequest, CreateCheckpointResponse>;
}

/** What answers the method about checkpoints. */
export function createCheckpointHandlers(port: CheckpointPort) {
  const handlers: CheckpointHandlers = {
    createCheckpoint: (_call, callback) => {
      port.create().then(
        ({ number, epoch, kind, bytes, durationMs }) =>
          callback(null, { number, epoch, kind, bytes, durationMs: Math.round(durationMs) }),
        (error: Error) => callback({ code: status.UNAVAILABLE, details: error.message }),
      );
    },
  };
  return { ...handlers };
}
