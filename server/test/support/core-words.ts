import { type Address, parseAddress } from "../../src/core/address.js";
import type { OutgoingMessage } from "../../src/core/command.js";
import { valueFromText } from "./core-text.js";

/** The typename of every value in a scenario that does not say otherwise. */
export const valueTypename = "x/text";

/** The words of one command of a scenario, taken from left to right. */
export class Words {
  readonly #line: string;
  readonly #words: string[];

  constructor(line: string) {
    this.#line = line;
    this.#words = line.trim().split(/\s+/);
  }

  get isEmpty(): boolean {
    return this.#words.length === 0;
  }

  next(what: string): string {
    const word = this.#words.shift();
    if (word === undefined) throw this.error(`no ${what}`);
    return word;
  }

  /** The number of a word such as "s1", "r3" or "#2". */
  numberAfter(prefix: string): number {
    const word = this.next(`${prefix}NUMBER`);
    if (!word.startsWith(prefix)) throw this.error(`${word} is not ${prefix}NUMBER`);
    return this.toNumber(word.slice(prefix.length));
  }

  number(what: string): number {
    return this.toNumber(this.next(what));
  }

  toNumber(text: string): number {
    const number = Number(text);
    if (text === "" || Number.isNaN(number)) throw this.error(`"${text}" is not a number`);
    return number;
  }

  /** "namespace/type/id" */
  address(): Address {
    const word = this.next("address");
    const address = parseAddress(word);
    if (address === undefined) throw this.error(`"${word}" is not an address`);
    return address;
  }

  /** "namespace/type/id" and a value. */
  message(): OutgoingMessage {
    const address = this.address();
    const value = valueFromText(this.next("value"));
    return { ...address, message: { typename: valueTypename, value }, traceparent: "" };
  }

  /** The next word when it is "name=value", split; undefined when it is something else. */
  option(): { readonly name: string; readonly value: string } | undefined {
    const word = this.#words[0] ?? "";
    const at = word.indexOf("=");
    if (at < 0) return undefined;
    this.#words.shift();
    return { name: word.slice(0, at), value: word.slice(at + 1) };
  }

  /** Everything that is left. */
  rest(): string {
    return this.#words.splice(0).join(" ");
  }

  error(problem: string): Error {
    return new Error(`${this.#line}: ${problem}`);
  }
}
