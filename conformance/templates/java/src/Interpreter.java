import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import statewire.v1.FunctionServerGrpc.FunctionServerImplBase;
import statewire.v1.Stream.*;

/**
 * The conformance interpreter on generated stubs. It shakes hands and completes invocations that ask
 * for nothing; README.md says what comes next.
 */
public final class Interpreter extends FunctionServerImplBase {
  static final List<String> STATES = List.of("value", "other", "expiring", "lazy");
  static final Set<Session> SESSIONS = ConcurrentHashMap.newKeySet();

  @Override
  public StreamObserver<RuntimeFrame> connect(StreamObserver<ServerFrame> out) {
    return new Session(out);
  }

  /** One stream: the runtime speaks first. */
  static final class Session implements StreamObserver<RuntimeFrame> {
    private final StreamObserver<ServerFrame> out;

    Session(StreamObserver<ServerFrame> out) {
      this.out = out;
      SESSIONS.add(this);
    }

    @Override
    public synchronized void onNext(RuntimeFrame frame) {
      switch (frame.getFrameCase()) {
        case HELLO -> welcome(frame.getHello());
        case INVOCATIONS -> {
          var batch = ResultBatch.newBuilder();
          for (var invocation : frame.getInvocations().getInvocationsList()) batch.addResults(run(invocation));
          out.onNext(ServerFrame.newBuilder().setResults(batch).build());
        }
        case ERROR -> {
          System.err.println("protocol error " + frame.getError().getClause() + ": " + frame.getError().getMessage());
          end();
        }
        default -> { } // Credit, drain and state replies come next.
      }
    }

    private void welcome(Hello hello) {
      if (!hello.getVersionsList().contains(1)) {
        var error = ProtocolError.newBuilder().setClause("HELLO-3").setMessage("this server speaks [1]");
        out.onNext(ServerFrame.newBuilder().setError(error).build());
        end();
        return;
      }
      var spec = FunctionSpec.newBuilder().setTypeName("conformance/interpreter");
      for (String name : STATES) spec.addStatesBuilder().setName(name).setTypename("conformance/bytes");
      spec.getStatesBuilder(2).getExpirationBuilder().setMode(Expiration.Mode.MODE_AFTER_WRITE).setDurationMs(60_000);
      var window = InvocationWindow.newBuilder().setInvocations(1000).setBytes(16 << 20);
      var welcome = Welcome.newBuilder().setVersion(1).setSdkName("my-sdk").addFunctions(spec).setWindow(window);
      out.onNext(ServerFrame.newBuilder().setWelcome(welcome).build());
    }

    /** Runs the inputs of an invocation in order. Next: do what their commands say. */
    private Result run(Invocation invocation) {
      return Result.newBuilder().setInvocationId(invocation.getInvocationId()).build();
    }

    synchronized void drain() {
      out.onNext(ServerFrame.newBuilder().setDrain(Drain.newBuilder().setReason("stop")).build());
    }

    /** [ERROR-5] */
    private void end() {
      SESSIONS.remove(this);
      out.onError(Status.INVALID_ARGUMENT.asException());
    }

    @Override
    public void onError(Throwable lost) {
      SESSIONS.remove(this);
    }

    @Override
    public synchronized void onCompleted() { // [DRAIN-6] when results are left, send them first.
      if (SESSIONS.remove(this)) out.onCompleted();
    }
  }

  public static void main(String[] args) throws Exception {
    String[] address = System.getenv("CONFORMANCE_ADDRESS").split(":");
    var server = NettyServerBuilder.forAddress(new InetSocketAddress(address[0], Integer.parseInt(address[1])))
        .addService(new Interpreter()).maxInboundMessageSize(64 << 20)
        .permitKeepAliveTime(5, TimeUnit.SECONDS).permitKeepAliveWithoutCalls(true).build().start();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      SESSIONS.forEach(Session::drain);
      try {
        server.shutdown().awaitTermination(30, TimeUnit.SECONDS);
      } catch (InterruptedException ignored) {
        Thread.currentThread().interrupt();
      }
      Runtime.getRuntime().halt(0);
    }));
    server.awaitTermination();
  }
}
