import { credentials } from "@grpc/grpc-js";
import { IngressClient, SendRequest } from "@statewire/protos/statewire/v1/ingress.js";
import type { Address } from "@statewire/protos/statewire/v1/types.js";

/** A message from outside. */
export interface OutsideMessage {
  readonly target: Address;
  readonly message: { readonly typename: string; readonly value: Uint8Array | undefined };
}

const frameSize = 100;

/**
 * Sends messages on one stream, and resolves when the runtime has made the last one durable.
 *
 * @throws Error when the runtime refuses one, or the stream breaks; others may have been accepted.
 */
export async function produce(address: string, messages: readonly OutsideMessage[]): Promise<void> {
  const client = new IngressClient(address, credentials.createInsecure());
  try {
    const stream = client.sendStream();
    for (let start = 0; start < messages.length; start += frameSize) {
      const frame = messages.slice(start, start + frameSize);
      stream.write({ messages: frame.map(toRequest) });
    }
    stream.end();
    let acknowledged = 0;
    for await (const { acknowledgements } of stream) {
      for (const { index, code, error } of acknowledgements) {
        if (code !== 0) throw new Error(`message ${index} was refused: ${error}`);
        acknowledged++;
      }
    }
    if (acknowledged !== messages.length) {
      throw new Error(`${acknowledged} of ${messages.length} messages were acknowledged`);
    }
  } finally {
    client.close();
  }
}

function toRequest({ target, message }: OutsideMessage): SendRequest {
  const { typename, value } = message;
  const bytes = value === undefined ? {} : { value: Buffer.from(value) };
  return SendRequest.fromPartial({ target, message: { typename, ...bytes } });
}
