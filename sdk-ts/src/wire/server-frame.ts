import {
  type EgressRecord,
  type Failure,
  type Reply,
  type Result,
  type Send,
  ServerFrame,
  type StateValue,
  type TimerChange,
} from "@statewire/protos/statewire/v1/stream.js";
import { WireWriter } from "./wire-writer.js";

/** One for all streams: a frame is written without a break, and copied out. */
const writer = new WireWriter();

/**
 * Encodes what is sent to the runtime. Results are written here, byte for byte as the generated code
 * does and several times as fast; the generated code writes the frames that are rare.
 */
export function encodeServerFrame(serverFrame: ServerFrame): Buffer {
  const { frame } = serverFrame;
  if (frame?.$case !== "results") {
    const bytes = ServerFrame.encode(serverFrame).finish();
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  const start = writer.open(0x12);
  for (const result of frame.value.results) {
    writeResult(result);
  }
  writer.close(start);
  return writer.finish();
}

function writeResult(result: Result): void {
  const start = writer.open(0x0a);
  writeNumber(0x08, result.invocationId);
  for (const change of result.stateChanges) {
    writeStateValue(change);
  }
  for (const send of result.sends) {
    writeSend(0x1a, send);
  }
  for (const change of result.timerChanges) {
    writeTimerChange(change);
  }
  for (const record of result.egressRecords) {
    writeEgressRecord(record);
  }
  for (const reply of result.replies) {
    writeReply(reply);
  }
  if (result.failure !== undefined) {
    writeFailure(result.failure);
  }
  writer.close(start);
}

function writeStateValue({ state, value }: StateValue): void {
  const start = writer.open(0x12);
  writeNumber(0x08, state);
  writeValue(0x12, value);
  writer.close(start);
}

function writeSend(tag: number, send: Send): void {
  const start = writer.open(tag);
  writeNumber(0x08, send.type);
  writeText(0x12, send.typeName);
  writeText(0x1a, send.id);
  writeText(0x22, send.typename);
  writeValue(0x2a, send.value);
  writeText(0x32, send.traceparent);
  writer.close(start);
}

function writeTimerChange({ change }: TimerChange): void {
  const start = writer.open(0x22);
  if (change?.$case === "schedule") {
    const { send, delayMs, cancellationToken } = change.value;
    const schedule = writer.open(0x0a);
    if (send !== undefined) {
      writeSend(0x0a, send);
    }
    writeNumber(0x10, delayMs);
    writeText(0x1a, cancellationToken);
    writer.close(schedule);
  } else if (change !== undefined) {
    writer.string(0x12, change.value);
  }
  writer.close(start);
}

function writeEgressRecord({ egress, typename, value }: EgressRecord): void {
  const start = writer.open(0x2a);
  writeText(0x0a, egress);
  writeText(0x12, typename);
  writeValue(0x1a, value);
  writer.close(start);
}

function writeReply({ input, typename, value }: Reply): void {
  const start = writer.open(0x32);
  writeNumber(0x08, input);
  writeText(0x12, typename);
  writeValue(0x1a, value);
  writer.close(start);
}

function writeFailure(failure: Failure): void {
  const start = writer.open(0x3a);
  writeNumber(0x08, failure.code);
  writeText(0x12, failure.message);
  writeNumber(0x18, failure.retryable ? 1 : 0);
  writeNumber(0x20, failure.retryAfterMs);
  writeNumber(0x28, failure.completedInputs);
  writer.close(start);
}

function writeNumber(tag: number, value: number): void {
  if (value !== 0) {
    writer.number(tag, value);
  }
}

function writeText(tag: number, value: string): void {
  if (value !== "") {
    writer.string(tag, value);
  }
}

/** Absent and empty differ. */
function writeValue(tag: number, value: Uint8Array | undefined): void {
  if (value !== undefined) {
    writer.bytes(tag, value);
  }
}
