import { Tokenizer, TokenParser } from "@streamparser/json";

/** Sixteen digits in a row: only then can there be an integer that a JavaScript number rounds. */
const mayHoldLargeInteger = /\d{16}/;

/** Of one number: big integers take time that grows with the square of this. */
const digitsMax = 1000;

/** A value that JSON cannot be made of. */
export class InexactJsonError extends Error {
  override readonly name = "InexactJsonError";
}

/**
 * As JSON.parse, but an integer that a JavaScript number cannot hold exactly is a bigint: 64-bit
 * ids in a file keep all their digits.
 * @throws SyntaxError when the text is not JSON, InexactJsonError when a number of it is too long.
 */
export function parseExactJson(text: string): unknown {
  // JSON.parse first in any case: it is the stricter judge, and says what is wrong.
  const value: unknown = JSON.parse(text);
  return mayHoldLargeInteger.test(text) ? parseSlowly(text) : value;
}

/**
 * As JSON.stringify.
 * @throws InexactJsonError when a bigint is inside an object or array, a number is beyond all that
 * have digits, or it is nested too deep.
 */
export function formatExactJson(value: unknown): string {
  if (typeof value === "bigint") return String(value);
  try {
    return JSON.stringify(value, refuseInexact);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    // The engine's stack is the limit: some thousand levels.
    throw new InexactJsonError("its JSON is nested too deep", { cause: error });
  }
}

function refuseInexact(_key: string, member: unknown): unknown {
  if (typeof member === "number" && !Number.isFinite(member)) {
    throw new InexactJsonError(`${member} is no number of JSON`);
  }
  if (typeof member !== "bigint") return member;
  throw new InexactJsonError(`${member} inside of it has more digits than a number keeps`);
}

function parseSlowly(text: string): unknown {
  const tokenizer = new ExactTokenizer();
  const parser = new TokenParser({ paths: ["$"] });
  let result: unknown;
  tokenizer.onToken = (token) => parser.write(token);
  parser.onValue = ({ value }) => {
    result = value;
  };
  tokenizer.write(text);
  // A number at the top level has no end of its own.
  if (!tokenizer.isEnded) tokenizer.end();
  return result;
}

class ExactTokenizer extends Tokenizer {
  // The library hands the value through as it is; only its declaration knows nothing but numbers.
  protected override parseNumber(digits: string): number {
    if (digits.length > digitsMax) {
      throw new InexactJsonError(`a number of ${digits.length} digits, more than ${digitsMax}`);
    }
    const number = Number(digits);
    if (Number.isSafeInteger(number) || !/^-?\d+$/.test(digits)) return number;
    return BigInt(digits) as unknown as number;
  }
}
