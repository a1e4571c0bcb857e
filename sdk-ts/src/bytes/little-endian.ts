/*
 * Numbers in little-endian bytes, as protobuf's fixed-width fields have them. A view of its own per
 * value would cost more than the value; eight bytes of scratch do.
 */
const scratch = new DataView(new ArrayBuffer(8));
const scratchBytes = new Uint8Array(scratch.buffer);

export function readInt32(bytes: Uint8Array, offset: number): number {
  fill(bytes, offset, 4);
  return scratch.getInt32(0, true);
}

export function readUint32(bytes: Uint8Array, offset: number): number {
  fill(bytes, offset, 4);
  return scratch.getUint32(0, true);
}

export function readInt64(bytes: Uint8Array, offset: number): bigint {
  fill(bytes, offset, 8);
  return scratch.getBigInt64(0, true);
}

export function readFloat(bytes: Uint8Array, offset: number): number {
  fill(bytes, offset, 4);
  return scratch.getFloat32(0, true);
}

export function readDouble(bytes: Uint8Array, offset: number): number {
  fill(bytes, offset, 8);
  return scratch.getFloat64(0, true);
}

export function writeInt32(bytes: Uint8Array, value: number, offset: number): void {
  scratch.setInt32(0, value, true);
  spill(bytes, offset, 4);
}

export function writeUint32(bytes: Uint8Array, value: number, offset: number): void {
  scratch.setUint32(0, value, true);
  spill(bytes, offset, 4);
}

export function writeInt64(bytes: Uint8Array, value: bigint, offset: number): void {
  scratch.setBigInt64(0, value, true);
  spill(bytes, offset, 8);
}

export function writeFloat(bytes: Uint8Array, value: number, offset: number): void {
  scratch.setFloat32(0, value, true);
  spill(bytes, offset, 4);
}

export function writeDouble(bytes: Uint8Array, value: number, offset: number): void {
  scratch.setFloat64(0, value, true);
  spill(bytes, offset, 8);
}

/** The caller has checked that the bytes are there. */
function fill(bytes: Uint8Array, offset: number, length: number): void {
  for (let index = 0; index < length; index++) {
    scratchBytes[index] = bytes[offset + index] ?? 0;
  }
}

function spill(bytes: Uint8Array, offset: number, length: number): void {
  for (let index = 0; index < length; index++) {
    bytes[offset + index] = scratchBytes[index] ?? 0;
  }
}
