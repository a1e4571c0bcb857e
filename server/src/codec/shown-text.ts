/** Of a text from outside, in a message for people. */
const lengthMax = 80;

/**
 * A text from outside, as it stands in a message: quoted, escaped, and cut when it is long. Whoever
 * sends four megabytes as a name shall not find them in the log, the answer and the store.
 */
export function shown(text: string): string {
  return JSON.stringify(short(text));
}

/** As shown(), of a text that needs no quotes. */
export function short(text: string): string {
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax - 3)}...`;
}

/** A text for people that a peer has chosen. */
export function cutForPeople(text: string): string {
  return text.length <= 400 ? text : `${text.slice(0, 397)}...`;
}
