/** What the message of every error says that the simulation makes on purpose. */
export const plannedFault = "the simulation has planned this fault";

/** Whether the error, or what has caused it, was made on purpose. */
export function isPlanned(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.message.includes(plannedFault) || isPlanned(error.cause);
}
