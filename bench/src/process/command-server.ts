import process from "node:process";

/** The commands that a child process answers: one argument each, an answer or a promise of one. */
export type Commands = Readonly<Record<string, (argument: never) => unknown>>;

/** Parent to child. */
export interface CommandRequest {
  readonly request: number;
  readonly command: string;
  readonly argument: unknown;
}

/** Child to parent. Request 0 says that the child listens. */
export type CommandResponse =
  | { readonly request: number; readonly answer: unknown }
  | { readonly request: number; readonly failure: string };

/**
 * Makes this process answer its parent's commands, and end when the parent does. Called once, by
 * the entry module of a child that openChild starts.
 */
export function serveCommands(commands: Commands): void {
  process.on("message", (message) => {
    void respond(commands, message as CommandRequest);
  });
  process.on("disconnect", () => process.exit(0));
  // A terminal interrupts the whole group: the parent decides when its children end.
  process.on("SIGINT", () => undefined);
  sendToParent({ request: 0, answer: null });
}

async function respond(commands: Commands, request: CommandRequest): Promise<void> {
  try {
    const command = commands[request.command];
    if (command === undefined) throw new Error(`unknown command ${request.command}`);
    const answer: unknown = await command(request.argument as never);
    sendToParent({ request: request.request, answer });
  } catch (error) {
    const failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
    sendToParent({ request: request.request, failure });
  }
}

function sendToParent(response: CommandResponse): void {
  process.send?.(response);
}
