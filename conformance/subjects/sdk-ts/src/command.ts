/** What a command that sends says of the message. */
interface Content {
  readonly commands?: readonly Command[];
  readonly typename?: string;
  readonly text?: string;
  readonly zeros?: number;
}

/** Where a command sends to. */
interface Target {
  readonly to?: "self" | "caller";
  readonly type?: string;
  readonly id?: string;
}

/** The commands of INTERPRETER.md. */
export type Command =
  | { readonly op: "set"; readonly state: string; readonly text?: string; readonly zeros?: number }
  | { readonly op: "clear" | "get"; readonly state: string }
  | { readonly op: "self" | "caller" | "wantsReply" }
  | ({ readonly op: "send"; readonly times?: number } & Content & Target)
  | ({ readonly op: "sendAfter"; readonly delayMs: number; readonly token?: string } & Content &
      Target)
  | { readonly op: "cancel"; readonly token: string }
  | ({ readonly op: "egress"; readonly egress?: string } & Content)
  | ({ readonly op: "reply" } & Content)
  | {
      readonly op: "fail";
      readonly message: string;
      readonly retryable?: boolean;
      readonly retryAfterMs?: number;
    }
  | { readonly op: "throw"; readonly message: string }
  | { readonly op: "sleep"; readonly ms: number };
