import { Tokenizer, TokenParser } from "@streamparser/json";

/** Sixteen digits in a row: only then can there be an integer that a JavaScript number rounds. */
const mayHoldLargeInteger = /\d{16}/;

/**
 * As JSON.parse, but an integer that a JavaScript number cannot hold exactly is a bigint: 64-bit
 * ids in a file keep all their digits.
 * @throws Error when the text is not JSON.
 */
export function parseExactJson(text: string): unknown {
  // JSON.parse first in any case: it is the stricter judge, and says what is wrong.
  const value: unknown = JSON.parse(text);
  return mayHoldLargeInteger.test(text) ? parseSlowly(text) : value;
}

/**
 * As JSON.stringify.
 * @throws Error when a bigint is inside an object or array.
 */
export function formatExactJson(value: unknown): string {
  if (typeof value === "bigint") return String(value);
  return JSON.stringify(value, (_key, member: unknown) => {
    if (typeof member !== "bigint") return member;
    throw new Error(`${member} inside a field of JSON has more digits than a number keeps`);
  });
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
    const number = Number(digits);
    if (!Number.isInteger(number) || Number.isSafeInteger(number)) return number;
    return /^-?\d+$/.test(digits) ? (BigInt(digits) as unknown as number) : number;
  }
}
