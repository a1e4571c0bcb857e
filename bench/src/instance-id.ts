/** Digits after "counter-". The id has 22 characters: an invocation then has about 109 bytes. */
const digits = 14;

/** The instance id of a key, always 22 characters long. */
export function instanceId(key: number): string {
  return `counter-${String(key).padStart(digits, "0")}`;
}

/** Every instance id from key 0 on, for processes that must not build strings while measured. */
export function instanceIds(keys: number): readonly string[] {
  return Array.from({ length: keys }, (_, key) => instanceId(key));
}
