/*
 * StateFun's messages, byte by byte: field numbers as its specification has them, nothing generated.
 */

/** A field of bytes, text or a message: tag, length, content. */
export function field(number: number, ...content: readonly (Uint8Array | string)[]): Buffer {
  const bytes = Buffer.concat(content.map((part) => Buffer.from(part)));
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

/** A field of a number or a truth value: tag, varint. */
export function numeric(number: number, value: number): Buffer {
  return Buffer.concat([varint(number * 8), varint(value)]);
}

export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Buffer.from([...bytes, rest]);
}

/** The content of an Address. */
export function address(namespace: string, type: string, id: string): Buffer {
  return Buffer.concat([field(1, namespace), field(2, type), field(3, id)]);
}

/** The content of a TypedValue; `undefined` is no value, an empty text a value of zero bytes. */
export function typedValue(typename: string, value: Uint8Array | string | undefined): Buffer {
  const name = field(1, typename);
  if (value === undefined) {
    return name;
  }
  return Buffer.concat([name, numeric(2, 1), ...(value.length === 0 ? [] : [field(3, value)])]);
}

/** A state in a request; without a value it has a name only. */
export function state(name: string, value?: Buffer): Buffer {
  return field(2, field(1, name), ...(value === undefined ? [] : [field(2, value)]));
}

/** A message in a request. */
export function input(argument: Buffer, caller?: Buffer): Buffer {
  return field(3, ...(caller === undefined ? [] : [field(1, caller)]), field(2, argument));
}

/** A ToFunction for a target. */
export function request(target: Buffer, ...parts: readonly Buffer[]): Buffer {
  return field(100, field(1, target), ...parts);
}

/** A FromFunction of effects, in the order of its fields. */
export function effects(...parts: readonly Buffer[]): Buffer {
  return field(100, ...parts);
}
