import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import org.apache.flink.statefun.sdk.java.Address;
import org.apache.flink.statefun.sdk.java.Context;
import org.apache.flink.statefun.sdk.java.StatefulFunctionSpec;
import org.apache.flink.statefun.sdk.java.StatefulFunctions;
import org.apache.flink.statefun.sdk.java.TypeName;
import org.apache.flink.statefun.sdk.java.ValueSpec;
import org.apache.flink.statefun.sdk.java.handler.RequestReplyHandler;
import org.apache.flink.statefun.sdk.java.message.EgressMessageBuilder;
import org.apache.flink.statefun.sdk.java.message.Message;
import org.apache.flink.statefun.sdk.java.message.MessageBuilder;
import org.apache.flink.statefun.sdk.java.slice.Slices;

public final class Tally {
  static final TypeName ACCOUNT = TypeName.typeNameFromString("tally/account");
  static final TypeName TOTAL = TypeName.typeNameFromString("tally/total");
  static final TypeName OUT = TypeName.typeNameFromString("tally/out");
  static final Duration HOUR = Duration.ofHours(1);
  static final Duration SOON = Duration.ofMillis(5);

  static final ValueSpec<Integer> COUNT = ValueSpec.named("count").withIntType();
  static final ValueSpec<String> SEEN =
      ValueSpec.named("seen").thatExpireAfterWrite(HOUR).withUtf8StringType();
  static final ValueSpec<String> TOUCHED =
      ValueSpec.named("touched").thatExpiresAfterCall(HOUR).withUtf8StringType();
  static final ValueSpec<Integer> SUM = ValueSpec.named("total").withIntType();

  static CompletableFuture<Void> account(Context context, Message message) {
    String id = context.self().id();
    if (message.isInt()) {
      int count = add(context, COUNT, message.asInt());
      context.storage().set(SEEN, "yes");
      context.storage().set(TOUCHED, "yes");
      context.send(MessageBuilder.forAddress(TOTAL, "all").withValue(message.asInt()).build());
      record(context, id + " " + count);
    } else {
      obey(context, id, message.asUtf8String().split(" "));
    }
    return context.done();
  }

  static void obey(Context context, String id, String[] words) {
    switch (words[0]) {
      case "report":
        record(context, id + " count=" + context.storage().get(COUNT).map(String::valueOf).orElse("none"));
        break;
      case "forget":
        context.storage().remove(COUNT);
        break;
      case "remind":
        context.sendAfter(SOON, text(id, "report"));
        break;
      case "recant":
        context.sendAfter(SOON, "recanted", text(id, "report"));
        context.cancelDelayedMessage("recanted");
        break;
      case "ask":
        context.send(text(words[1], "who"));
        break;
      case "who":
        record(context, id + " asked by " + context.caller().map(Address::id).orElse("nobody"));
        break;
      default:
        throw new IllegalArgumentException("no command " + words[0]);
    }
  }

  static CompletableFuture<Void> total(Context context, Message message) {
    add(context, SUM, message.asInt());
    return context.done();
  }

  static int add(Context context, ValueSpec<Integer> spec, int amount) {
    int sum = context.storage().get(spec).orElse(0) + amount;
    context.storage().set(spec, sum);
    return sum;
  }

  static Message text(String id, String value) {
    return MessageBuilder.forAddress(ACCOUNT, id).withValue(value).build();
  }

  static void record(Context context, String value) {
    context.send(EgressMessageBuilder.forEgress(OUT).withValue(value).build());
  }

  static void serve(HttpExchange exchange, RequestReplyHandler handler) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    handler
        .handle(Slices.wrap(body))
        .whenComplete(
            (answer, failure) -> {
              try (exchange) {
                if (failure != null) {
                  exchange.sendResponseHeaders(500, -1);
                  return;
                }
                byte[] bytes = answer.toByteArray();
                exchange.getResponseHeaders().set("Content-Type", "application/octet-stream");
                exchange.sendResponseHeaders(200, bytes.length == 0 ? -1 : bytes.length);
                exchange.getResponseBody().write(bytes);
              } catch (IOException gone) {
                // The runtime has closed the connection: it will ask again.
              }
            });
  }

  public static void main(String[] arguments) throws IOException {
    RequestReplyHandler handler =
        new StatefulFunctions()
            .withStatefulFunction(
                StatefulFunctionSpec.builder(ACCOUNT)
                    .withValueSpecs(COUNT, SEEN, TOUCHED)
                    .withSupplier(() -> Tally::account))
            .withStatefulFunction(
                StatefulFunctionSpec.builder(TOTAL)
                    .withValueSpec(SUM)
                    .withSupplier(() -> Tally::total))
            .requestReplyHandler();
    int port = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 0;
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
    server.createContext("/", exchange -> serve(exchange, handler));
    server.setExecutor(Executors.newFixedThreadPool(8));
    server.start();
    System.out.println(server.getAddress().getPort());
  }
}
