import { type Fields, runtimeFrame, serverFrame } from "../../src/protocol/protocol.js";
import type { Direction, ForwardedStream, Tap } from "../../src/proxy/forwarder.js";
import type { Mutant, MutantStream } from "./mutant.js";

const codecs = { toServer: runtimeFrame, toRuntime: serverFrame } as const;

/** Puts a mutant's bug between the kit and a correct function server. */
export function mutantTap(mutant: Mutant): Tap {
  return {
    message: (stream, direction, bytes) => {
      const filter = direction === "toServer" ? mutant.fromRuntime : mutant.fromServer;
      const frame = decode(direction, bytes);
      if (filter === undefined || frame === undefined) return [bytes];
      const { encode } = codecs[direction];
      return filter(frame, mutantStream(stream)).map((each) =>
        each === frame ? bytes : encode(each),
      );
    },
    ended: () => mutant.hidesEnd !== true,
  };
}

function decode(direction: Direction, bytes: Buffer): Fields | undefined {
  try {
    return codecs[direction].decode(bytes);
  } catch {
    return undefined;
  }
}

function mutantStream(stream: ForwardedStream): MutantStream {
  return {
    inject: (direction, frame) => stream.inject(direction, codecs[direction].encode(frame)),
    cut: () => stream.cut(),
  };
}
