import type { Address } from "./address.js";
import { answerGone } from "./answer.js";
import { findMailbox } from "./cold.js";
import type { DropParkedCommand, RetryParkedCommand } from "./command.js";
import type { Mailbox } from "./mailbox.js";
import { placeOrPark, unpark } from "./park.js";
import { proceed } from "./placement.js";
import { consume } from "./router.js";
import type { Shard } from "./shard.js";
import { refillMailbox } from "./spill.js";

/** An operator lets addresses try again, the first message first and alone. */
export function retryParked(shard: Shard, { request, addresses }: RetryParkedCommand): void {
  let changed = 0;
  for (const address of addresses) {
    const mailbox = findParked(shard, address);
    if (mailbox === undefined) continue;
    changed++;
    unpark(shard, mailbox);
    mailbox.batchLimit = 1;
    placeOrPark(shard, mailbox);
  }
  shard.epoch.releases.decided.push({ request, addresses: changed });
}

/** An operator drops the message that an address is parked for; the later ones go on. */
export function dropParked(shard: Shard, { request, address, sequence }: DropParkedCommand): void {
  const mailbox = findParked(shard, address);
  const isMeant = sequence === 0 || mailbox?.front(0)?.sequence === sequence;
  const message = mailbox === undefined || !isMeant ? undefined : consume(shard, mailbox);
  if (mailbox !== undefined && message !== undefined) {
    unpark(shard, mailbox);
    const text = `an operator dropped the message to ${address.typeName}/${address.id}`;
    answerGone(shard, message, { code: "dropped", message: text });
    refillMailbox(shard, mailbox);
    if (mailbox.length === 0) proceed(shard, mailbox);
    else placeOrPark(shard, mailbox);
  }
  const changed = message === undefined ? 0 : 1;
  shard.epoch.releases.decided.push({ request, addresses: changed });
}

function findParked(shard: Shard, { typeName, id }: Address): Mailbox | undefined {
  const type = shard.types.get(typeName);
  if (type === undefined || type.counters.parked === 0) return undefined;
  const mailbox = findMailbox(shard, type, id);
  return mailbox?.state === "parked" ? mailbox : undefined;
}
