import { connect } from "node:net";

/** Between two attempts to connect, in milliseconds. */
const attemptMs = 50;

/** Whether an address takes connections now; a short while passes when it does not. */
export function acceptsConnections(address: string): Promise<boolean> {
  const at = address.lastIndexOf(":");
  return new Promise((resolve) => {
    const socket = connect(Number(address.slice(at + 1)), address.slice(0, at));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => setTimeout(() => resolve(false), attemptMs));
  });
}
