import com.google.gson.*
import com.google.protobuf.ByteString
import io.grpc.Status
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder
import io.grpc.stub.*
import java.net.InetSocketAddress
import java.util.concurrent.*
import statewire.v1.FunctionServerGrpc.FunctionServerImplBase
import statewire.v1.Stream.*

// The interpreter of INTERPRETER.md on generated stubs, without features.
val STATES = listOf("value", "other", "expiring", "lazy")
val timer: ScheduledExecutorService = Executors.newSingleThreadScheduledExecutor()
val sessions: MutableSet<Session> = ConcurrentHashMap.newKeySet()

/** One stream. What happens on it happens under its lock. */
class Session(private val out: ServerCallStreamObserver<ServerFrame>) : StreamObserver<RuntimeFrame> {
  val types = mutableListOf("no type", "conformance/interpreter")
  private val running = mutableMapOf<Long, Run>()
  val ready = ArrayDeque<Result>()
  private var credit = 0L
  private var halfClosed = false
  private var closed = false
  var limits: Limits? = null
  init {
    sessions += this
    out.setOnCancelHandler(::forget)
    timer.schedule({ if (limits == null) end(Status.DEADLINE_EXCEEDED) }, 10, TimeUnit.SECONDS) // [HELLO-9]
  }

  @Synchronized override fun onNext(value: RuntimeFrame) {
    when {
      closed -> return
      value.hasHello() -> welcome(value.hello)
      value.hasInvocations() -> {
        credit += value.invocations.resultCreditBytes
        types += value.invocations.typesList.map { it.typeName }
        for (call in value.invocations.invocationsList) {
          running.values.removeIf { it.call.type == call.type && it.call.id == call.id } // [INVOKE-10]
          running[call.invocationId] = Run(this, call).also { it.step() }
        }
      }
      value.hasCredit() -> credit += value.credit.bytes
      value.hasError() -> end(Status.INVALID_ARGUMENT).also { System.err.println("protocol error ${value.error}") } // [ERROR-6]
    }
    flush()
  }

  private fun welcome(hello: Hello) {
    if (1 !in hello.versionsList) {
      send { errorBuilder.setClause("HELLO-3").message = "the runtime speaks ${hello.versionsList}, this server [1]" }
      return end(Status.INVALID_ARGUMENT)
    }
    limits = hello.limits
    credit += hello.limits.resultCreditBytes
    val spec = FunctionSpec.newBuilder().setTypeName(types[1])
    for (name in STATES) spec.addStatesBuilder().setName(name).typename = "conformance/bytes"
    spec.getStatesBuilder(2).expirationBuilder.setMode(Expiration.Mode.MODE_AFTER_WRITE).durationMs = 60_000
    send { welcomeBuilder.setVersion(1).setSdkName("raw-kotlin").addFunctions(spec).windowBuilder.setInvocations(1000).bytes = 16_000_000 }
  }

  /** Sends what is ready while there is credit, in as few frames as hold it. [CREDIT-4] [FRAME-5] */
  @Synchronized fun flush() {
    while (!closed && credit > 0 && ready.isNotEmpty()) {
      val batch = ResultBatch.newBuilder()
      var bytes = 0
      while (credit > 0 && ready.isNotEmpty() && (bytes == 0 || bytes + ready.first().serializedSize + 16 <= limits!!.frameBytesMax)) {
        val result = ready.removeFirst()
        if (running.remove(result.invocationId) == null) continue // Given up, or the stream is lost.
        bytes += result.serializedSize + 16
        credit -= result.payloadBytes()
        batch.addResults(result)
      }
      if (batch.resultsCount > 0) send { setResults(batch) }
    }
    if (halfClosed && running.isEmpty()) end(Status.OK) // [DRAIN-6]
  }
  @Synchronized fun drain() { if (!closed && limits != null) send { drainBuilder.reason = "stop" } }
  private fun send(fill: ServerFrame.Builder.() -> Unit) = out.onNext(ServerFrame.newBuilder().apply(fill).build())
  @Synchronized private fun end(status: Status) {
    if (!closed) if (status.isOk) out.onCompleted() else out.onError(status.asException())
    forget()
  }

  @Synchronized private fun forget() { closed = true; running.clear(); sessions -= this } // [CLOSE-2]
  override fun onError(error: Throwable) = forget()
  @Synchronized override fun onCompleted() { halfClosed = true; flush() }
}

class Failed(text: String, val code: Failure.Code = Failure.Code.CODE_FUNCTION, val again: Boolean = false, val afterMs: Long = 0) : Exception(text)

/** One invocation: the commands of its inputs, one after the other; a sleep lets others run. */
class Run(private val session: Session, val call: Invocation) {
  private val limits = session.limits!!
  private val startedNs = System.nanoTime()
  private val commands = ArrayDeque<JsonObject>()
  private val states = call.statesList.associate { it.state to it.value as ByteString? }.toMutableMap()
  private val changed = mutableSetOf<Int>()
  private val result = Result.newBuilder().setInvocationId(call.invocationId)
  private var completed = result.build()
  private var at = -1

  fun step() {
    try {
      while (commands.isNotEmpty() || nextInput()) {
        val command = commands.removeFirst()
        if (command.text("op") != "sleep") { run(command); continue }
        timer.schedule({ synchronized(session) { step(); session.flush() } }, command["ms"].asLong, TimeUnit.MILLISECONDS)
        return
      }
      finish(null)
    } catch (error: Exception) { finish(error as? Failed ?: Failed("$error", again = true)) }
  }

  private fun finish(error: Failed?) {
    val isLate = call.timeoutMs != 0L && System.nanoTime() - startedNs > call.timeoutMs * 1_000_000 // [INVOKE-11]
    val outcome = if (isLate) Result.newBuilder().setInvocationId(call.invocationId) else completed.toBuilder()
    val failed = if (isLate) Failed("no time is left", Failure.Code.CODE_TIMEOUT, again = true) else error
    if (failed != null) outcome.failureBuilder.setCode(failed.code).setMessage("${failed.message}".take(1000))
      .setRetryable(failed.again).setRetryAfterMs(failed.afterMs).completedInputs = if (isLate) 0 else at
    session.ready += outcome.build()
  }

  /** Keeps what the last input did, and takes the commands of the next; false: there is none. [FAIL-1] */
  private fun nextInput(): Boolean {
    while (commands.isEmpty()) {
      val changes = changed.map { state -> StateValue.newBuilder().setState(state).apply { states[state]?.let { value = it } }.build() }
      val whole = result.clone().addAllStateChanges(changes).build()
      bound("the result", whole.serializedSize + 16, limits.frameBytesMax) // [RESULT-7]
      completed = whole
      if (++at == call.inputsCount) return false
      val input = call.getInputs(at)
      val list = runCatching { JsonParser.parseString(input.value.toStringUtf8()).asJsonArray.map { it.asJsonObject } }.getOrNull()
      val isList = list != null && input.typename == "conformance/commands"
      commands += if (isList) list else throw Failed("input $at is no list of commands", Failure.Code.CODE_BAD_INPUT)
    }
    return true
  }

  private fun run(c: JsonObject) {
    val input = call.getInputs(at)
    when (c.text("op")) {
      "set", "clear" -> STATES.indexOf(c.text("state")).let { states[it] = c.bytes(); changed += it }
      "get" -> observe("get" to c.text("state"), "text" to states[STATES.indexOf(c.text("state"))]?.toStringUtf8())
      "self" -> observe("self" to "${session.types[call.type]}/${call.id}")
      "caller" -> observe("caller" to if (input.callerType == 0) null else "${session.types[input.callerType]}/${input.callerId}")
      "wantsReply" -> observe("wantsReply" to input.wantsReply)
      "send" -> repeat(c["times"]?.asInt ?: 1) { result.addSends(send(c, input)) }
      "sendAfter" -> result.addTimerChangesBuilder().scheduleBuilder.setSend(send(c, input)).setDelayMs(c["delayMs"].asLong).cancellationToken = token(c)
      "cancel" -> result.addTimerChangesBuilder().cancel = token(c).ifEmpty { throw Failed("an empty token") }
      "egress" -> record(c.text("egress") ?: "conformance/out", c.typename(), c.bytes())
      "reply" -> {
        if (result.repliesList.any { it.input == at }) throw Failed("a second reply to input $at")
        result.addRepliesBuilder().setInput(at).setTypename(c.typename()).apply { c.bytes()?.let { value = it } }
      }
      "fail" -> throw Failed("${c.text("message")}", again = c["retryable"]?.asBoolean ?: true, afterMs = c["retryAfterMs"]?.asLong ?: 0)
      else -> throw IllegalStateException(c.text("message") ?: "no command ${c.text("op")}")
    }
    bound("the effects", result.sendsCount + result.timerChangesCount + result.egressRecordsCount, limits.effectsMax) // [LIMIT-4]
    bound("a value", c.bytes()?.size() ?: 0, limits.valueBytesMax)
    bound("a typename", c.typename().length, 1024)
  }

  private fun observe(vararg seen: Pair<String, Any?>) = record("conformance/out", "conformance/observation",
    ByteString.copyFromUtf8(GsonBuilder().serializeNulls().create().toJson(seen.toMap())))
  private fun record(egress: String, type: String, content: ByteString?) =
    result.addEgressRecordsBuilder().setEgress(egress).setTypename(type).apply { content?.let { value = it } }
  private fun send(c: JsonObject, input: Input): Send {
    val toCaller = c.text("to") == "caller"
    val id = if (toCaller) input.callerId else if (c.text("to") == "self") call.id else c.text("id") ?: ""
    bound("an id", id.toByteArray().size, limits.idBytesMax)
    val type = if (toCaller) session.types[input.callerType] else c.text("type") ?: session.types[1]
    val trace = if (input.traceparent.matches(Regex("00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"))) input.traceparent else "" // [INVOKE-15]
    val send = Send.newBuilder().setTypeName(type).setId(id).setTypename(c.typename()).setTraceparent(trace)
    return send.apply { c.bytes()?.let { value = it } }.build()
  }

  private fun token(c: JsonObject) = (c.text("token") ?: "").also { bound("a token", it.toByteArray().size, 255) } // [TIMER-7]
  private fun bound(what: String, found: Int, max: Int) { if (found > max) throw Failed("$what: $found exceeds $max") }
}
fun Result.payloadBytes() = (stateChangesList.map { it.value } + sendsList.map { it.value } + egressRecordsList.map { it.value } +
  timerChangesList.map { it.schedule.send.value } + repliesList.map { it.value }).sumOf { it.size().toLong() }
fun JsonObject.text(name: String): String? = this[name]?.asString
fun JsonObject.typename() = if (has("commands")) "conformance/commands" else text("typename") ?: "conformance/text"
fun JsonObject.bytes(): ByteString? = if (has("commands")) ByteString.copyFromUtf8(this["commands"].toString())
  else if (has("zeros")) ByteString.copyFrom(ByteArray(this["zeros"].asInt)) else text("text")?.let(ByteString::copyFromUtf8)

fun main() {
  val (host, port) = System.getenv("CONFORMANCE_ADDRESS").split(":")
  val server = NettyServerBuilder.forAddress(InetSocketAddress(host, port.toInt())).addService(object : FunctionServerImplBase() {
    override fun connect(out: StreamObserver<ServerFrame>) = Session(out as ServerCallStreamObserver<ServerFrame>)
  }).maxInboundMessageSize(64_000_000).permitKeepAliveTime(5, TimeUnit.SECONDS).permitKeepAliveWithoutCalls(true).build().start() // [KEEP-2]
  Runtime.getRuntime().addShutdownHook(Thread { // SIGTERM: drain, and end with 0. [DRAIN-2]
    sessions.forEach(Session::drain)
    server.shutdown().awaitTermination(30, TimeUnit.SECONDS)
    Runtime.getRuntime().halt(0)
  })
  server.awaitTermination()
}
