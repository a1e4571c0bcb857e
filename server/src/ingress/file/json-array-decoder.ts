import { Tokenizer, TokenType } from "@streamparser/json";
import type { DecodedRecords, FileRecord, RecordDecoder } from "./file-record.js";
import { decodeJson, isWhiteSpace } from "./ndjson-decoder.js";

/**
 * Where reading stands in the array.
 *
 *     opening --"["--> first --element--> separator --","--> next --element--> separator
 *                      first --"]"------> closed <--"]"----- separator
 */
type Place = "opening" | "first" | "next" | "separator" | "closed";

/**
 * One JSON array; each element is a record. An element's text is the file's own.
 * @param fromStart False: reading begins at an element, where an earlier run left off.
 */
export function createJsonArrayDecoder(fromStart: boolean): RecordDecoder {
  let place: Place = fromStart ? "opening" : "next";
  return {
    decode(bytes, offset, ended) {
      const scan = new ArrayScan(bytes, offset, place);
      const decoded = scan.run(ended);
      place = scan.settled;
      return decoded;
    },
  };
}

const scalar = Buffer.from("0 ");

/** Reads the tokens of some bytes. An element that is cut off is scanned again with what follows. */
class ArrayScan {
  readonly #bytes: Buffer;
  readonly #offset: number;
  readonly #records: FileRecord[] = [];
  #place: Place;
  /** The place at `#consumed`. */
  #settled: Place;
  #consumed = 0;
  #depth = 0;
  #elementStart = 0;
  #tokenStart = 0;

  constructor(bytes: Buffer, offset: number, place: Place) {
    this.#bytes = bytes;
    this.#offset = offset;
    this.#place = place;
    this.#settled = place;
  }

  get settled(): Place {
    return this.#settled;
  }

  run(ended: boolean): DecodedRecords {
    const tokenizer = new Tokenizer();
    // Up to its first scalar, the library takes a byte order mark for none of the text, which it is only
    // at the front of the file: so it has had one.
    tokenizer.onToken = () => undefined;
    tokenizer.write(scalar);
    tokenizer.onToken = ({ token, offset: behindScalar }) => {
      const offset = behindScalar - scalar.length;
      this.#tokenStart = offset;
      if (this.#depth > 0) this.#takeInside(token);
      else this.#take(token, offset);
    };
    try {
      tokenizer.write(this.#bytes);
      // A number behind the array has no end of its own.
      if (ended && this.#place === "closed") tokenizer.end();
    } catch (error) {
      return this.#refuse(error);
    }
    if (!ended || this.#place === "closed") {
      return { records: this.#records, consumed: ended ? this.#bytes.length : this.#consumed };
    }
    this.#tokenStart = this.#bytes.length;
    const isEmpty = this.#place === "opening" && this.#bytes.every(isWhiteSpace);
    return this.#broken(isEmpty ? 'nothing here: expected "["' : 'the file ends before "]"');
  }

  /**
   * Says what is wrong, and where: where the library stopped, or at the token that is out of place.
   * The library counts positions from where this scan began, which says nothing to people.
   */
  #refuse(error: unknown): DecodedRecords {
    const message = error instanceof Error ? error.message : String(error);
    const position = /position "(\d+)"/.exec(message)?.[1];
    if (position !== undefined) this.#tokenStart = Number(position);
    if (message.includes("ended in the middle")) this.#tokenStart = this.#bytes.length;
    // Of a text that is not UTF-8, it does not say where it is.
    if (error instanceof TypeError) {
      this.#tokenStart = this.#consumed;
      return this.#broken("not valid UTF-8");
    }
    const what = message.replace(/ at (?:chunk )?position .*$/, "");
    return this.#broken(`not valid JSON: ${what.replace(/\. Either not all.*$/, "")}`);
  }

  #takeInside(token: TokenType): void {
    if (token === TokenType.LEFT_BRACE || token === TokenType.LEFT_BRACKET) this.#depth++;
    if (token === TokenType.RIGHT_BRACE || token === TokenType.RIGHT_BRACKET) this.#depth--;
  }

  #take(token: TokenType, offset: number): void {
    switch (this.#place) {
      case "opening":
        if (token !== TokenType.LEFT_BRACKET) throw new Error('the file does not begin with "["');
        this.#settle("first", offset + 1);
        break;
      case "first":
        if (token === TokenType.RIGHT_BRACKET) this.#settle("closed", offset + 1);
        else this.#takeElement(token, offset);
        break;
      case "next":
        this.#takeElement(token, offset);
        break;
      case "separator":
        this.#takeSeparator(token, offset);
        break;
      case "closed":
        throw new Error('something follows the "]" of the array');
    }
  }

  #takeElement(token: TokenType, offset: number): void {
    const isNested = token === TokenType.LEFT_BRACE || token === TokenType.LEFT_BRACKET;
    if (!isNested && structural.has(token)) throw new Error("an element of the array is missing");
    this.#elementStart = offset;
    this.#depth = isNested ? 1 : 0;
    this.#place = "separator";
  }

  #takeSeparator(token: TokenType, offset: number): void {
    if (token !== TokenType.COMMA && token !== TokenType.RIGHT_BRACKET) {
      throw new Error('expected "," or "]" after an element of the array');
    }
    const element = this.#bytes.subarray(this.#elementStart, offset);
    const record = decodeJson(element, this.#offset + this.#elementStart);
    if (record !== null) this.#records.push(record);
    this.#settle(token === TokenType.COMMA ? "next" : "closed", offset + 1);
  }

  #settle(place: Place, consumed: number): void {
    this.#place = place;
    this.#settled = place;
    this.#consumed = consumed;
  }

  /** Without its tokens, nobody can say where the next element begins. */
  #broken(reason: string): DecodedRecords {
    const start = this.#offset + this.#tokenStart;
    const record = { kind: "invalid", start, reason, recoverable: false } as const;
    return { records: [...this.#records, record], consumed: this.#bytes.length };
  }
}

const structural: ReadonlySet<TokenType> = new Set([
  TokenType.RIGHT_BRACE,
  TokenType.RIGHT_BRACKET,
  TokenType.COLON,
  TokenType.COMMA,
]);
