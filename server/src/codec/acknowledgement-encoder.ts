import type { SendStreamResponse } from "@statewire/protos/statewire/v1/ingress.js";
import { ReverseWriter } from "./reverse-writer.js";

/** Tags of ingress.proto: field number << 3 | wire type. */
const tag = {
  response: { acknowledgements: (1 << 3) | 2 },
  acknowledgement: { index: 1 << 3, duplicate: 2 << 3, code: 3 << 3, error: (4 << 3) | 2 },
} as const;

/** Writes SendStreamResponses byte for byte as the generated code does, which makes a buffer for each message of one. */
export class AcknowledgementEncoder {
  readonly #writer = new ReverseWriter();

  encode({ acknowledgements }: SendStreamResponse): Buffer {
    const writer = this.#writer;
    writer.reset();
    for (let at = acknowledgements.length - 1; at >= 0; at--) {
      const acknowledgement = acknowledgements[at];
      if (acknowledgement === undefined) continue;
      const before = writer.length;
      writer.textField(tag.acknowledgement.error, acknowledgement.error);
      writer.numberField(tag.acknowledgement.code, acknowledgement.code);
      writer.numberField(tag.acknowledgement.duplicate, acknowledgement.duplicate ? 1 : 0);
      writer.numberField(tag.acknowledgement.index, acknowledgement.index);
      writer.nested(tag.response.acknowledgements, before);
    }
    return writer.copy();
  }
}
