// Three applications of the kind that StateFun's documentation shows, on its SDK: a greeter, a shopping cart that
// asks the stock, and the connected components of a graph. Their records are for the playground's egress.
import { createServer } from "node:http";
import statefunSdk from "apache-flink-statefun";

const { StateFun, egressMessageBuilder, messageBuilder } = statefunSdk;
const recordType = StateFun.jsonType("io.statefun.playground/EgressRecord");

function record(topic, payload) {
  const value = { topic, payload };
  return egressMessageBuilder({
    typename: "io.statefun.playground/egress",
    value,
    valueType: recordType,
  });
}

const statefun = new StateFun();

const greetType = StateFun.jsonType("example/GreetRequest");
const visitType = StateFun.jsonType("example/Visit");

statefun.bind({
  typename: "example/person",
  specs: [{ name: "visits", type: StateFun.intType() }],
  fn(context, message) {
    context.storage.visits = (context.storage.visits ?? 0) + 1;
    const value = { name: message.as(greetType).name, visits: context.storage.visits };
    const target = { typename: "example/greeter", id: value.name };
    context.send(messageBuilder({ ...target, value, valueType: visitType }));
  },
});

statefun.bind({
  typename: "example/greeter",
  fn(context, message) {
    const { name, visits } = message.as(visitType);
    context.send(record("greetings", `${name}, visit ${visits}`));
  },
});

const restockType = StateFun.jsonType("shop/Restock");
const addType = StateFun.jsonType("shop/Add");
const checkoutType = StateFun.jsonType("shop/Checkout");
const requestType = StateFun.jsonType("shop/Request");
const availableType = StateFun.jsonType("shop/Available");

statefun.bind({
  typename: "shop/stock",
  specs: [{ name: "stock", type: StateFun.intType() }],
  fn(context, message) {
    const stock = context.storage.stock ?? 0;
    if (message.is(restockType)) {
      context.storage.stock = stock + message.as(restockType).quantity;
      return;
    }
    const { quantity } = message.as(requestType);
    const isEnough = quantity <= stock;
    if (isEnough) context.storage.stock = stock - quantity;
    const value = { item: context.self.id, quantity: isEnough ? quantity : 0 };
    // Whoever asks is answered.
    const { namespace, name, id } = context.caller;
    const typename = `${namespace}/${name}`;
    context.send(messageBuilder({ typename, id, value, valueType: availableType }));
  },
});

const basketType = StateFun.jsonType("shop/Basket");

statefun.bind({
  typename: "shop/cart",
  specs: [{ name: "basket", type: basketType }],
  fn(context, message) {
    const basket = context.storage.basket ?? {};
    if (message.is(addType)) {
      const { item, quantity } = message.as(addType);
      const target = { typename: "shop/stock", id: item };
      context.send(messageBuilder({ ...target, value: { quantity }, valueType: requestType }));
    } else if (message.is(availableType)) {
      const { item, quantity } = message.as(availableType);
      context.storage.basket = { ...basket, [item]: (basket[item] ?? 0) + quantity };
      context.send(record("baskets", `${context.self.id} has ${quantity} ${item}`));
    } else if (message.is(checkoutType)) {
      const items = Object.entries(basket).map(([item, quantity]) => `${item}: ${quantity}`);
      context.send(record("receipts", `${context.self.id} bought ${items.join(", ")}`));
      context.storage.basket = null;
    }
  },
});

const vertexType = StateFun.jsonType("graph/Vertex");
const componentType = StateFun.jsonType("graph/Component");
const neighboursType = StateFun.jsonType("graph/Neighbours");

statefun.bind({
  typename: "graph/vertex",
  specs: [
    { name: "component", type: StateFun.intType() },
    { name: "neighbours", type: neighboursType },
  ],
  fn(context, message) {
    const self = Number(context.self.id);
    const known = context.storage.component ?? self;
    let component = known;
    if (message.is(vertexType)) context.storage.neighbours = message.as(vertexType).neighbours;
    else component = Math.min(known, message.as(componentType).component);
    if (component === context.storage.component && message.is(componentType)) return;
    context.storage.component = component;
    context.send(record("components", `${self} ${component}`));
    for (const neighbour of context.storage.neighbours ?? []) {
      const target = { typename: "graph/vertex", id: String(neighbour) };
      context.send(messageBuilder({ ...target, value: { component }, valueType: componentType }));
    }
  },
});

const server = createServer(statefun.handler());
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  process.stdout.write(`${server.address().port}\n`);
});
