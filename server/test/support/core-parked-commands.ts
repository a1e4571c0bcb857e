import { type Address, parseAddress } from "../../src/core/address.js";
import type { Story } from "./core-story.js";
import type { Words } from "./core-words.js";

/** `retry r1 t/a/x [t/a/y...]`: an operator lets parked addresses try again. */
export function retry(story: Story, words: Words): void {
  const request = words.numberAfter("r");
  const addresses: Address[] = [];
  while (!words.isEmpty) addresses.push(address(words));
  story.step({ kind: "retryParked", request, addresses });
}

/** `drop r1 t/a/x [SEQUENCE]`: an operator drops the message that an address is parked for. */
export function drop(story: Story, words: Words): void {
  const request = words.numberAfter("r");
  const target = address(words);
  const sequence = words.isEmpty ? 0 : words.number("sequence");
  story.step({ kind: "dropParked", request, address: target, sequence });
}

function address(words: Words): Address {
  const word = words.next("address");
  const parsed = parseAddress(word);
  if (parsed === undefined) throw words.error(`"${word}" is not an address`);
  return parsed;
}
