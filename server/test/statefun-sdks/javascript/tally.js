import { createServer } from "node:http";
import statefunSdk from "apache-flink-statefun";

const { StateFun, egressMessageBuilder, messageBuilder } = statefunSdk;
const hourMs = 3_600_000;

function record(value) {
  return egressMessageBuilder({ typename: "tally/out", value, valueType: StateFun.stringType() });
}

function send(typename, id, value, valueType) {
  return messageBuilder({ typename, id, value, valueType });
}

async function account(context, message) {
  const { self, storage, caller } = context;
  const report = () => send("tally/account", self.id, "report", StateFun.stringType());
  if (message.isInt()) {
    storage.count = (storage.count ?? 0) + message.asInt();
    storage.seen = "yes";
    storage.touched = "yes";
    context.send(send("tally/total", "all", message.asInt(), StateFun.intType()));
    context.send(record(`${self.id} ${storage.count}`));
    return;
  }
  const [command, other] = message.asString().split(" ");
  if (command === "report") {
    context.send(record(`${self.id} count=${storage.count ?? "none"}`));
  } else if (command === "forget") {
    storage.count = null;
  } else if (command === "remind") {
    context.sendAfter(5, report());
  } else if (command === "recant") {
    context.sendAfter(5, report(), "recanted");
    context.cancelDelayedMessage("recanted");
  } else if (command === "ask") {
    context.send(send("tally/account", other, "who", StateFun.stringType()));
  } else if (command === "who") {
    context.send(record(`${self.id} asked by ${caller?.id ?? "nobody"}`));
  } else {
    throw new Error(`no command ${command}`);
  }
}

async function total(context, message) {
  context.storage.total = (context.storage.total ?? 0) + message.asInt();
}

const statefun = new StateFun();
statefun.bind({
  typename: "tally/account",
  fn: account,
  specs: [
    { name: "count", type: StateFun.intType() },
    { name: "seen", type: StateFun.stringType(), expireAfterWrite: hourMs },
    { name: "touched", type: StateFun.stringType(), expireAfterCall: hourMs },
  ],
});
statefun.bind({
  typename: "tally/total",
  fn: total,
  specs: [{ name: "total", type: StateFun.intType() }],
});

const server = createServer(statefun.handler());
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  process.stdout.write(`${server.address().port}\n`);
});
