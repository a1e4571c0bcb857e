package statewire_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	statewire "github.com/statewire/statewire/sdk-go"
	pb "github.com/statewire/statewire/sdk-go/statewirev1"
)

func TestStateIsKeptUnderALeaseAndAskedForWithoutOne(t *testing.T) {
	count := statewire.NewState("count", statewire.Int)
	counter := handling(func(ctx *statewire.Context, _ string) error {
		n, err := count.Get(ctx)
		count.Set(ctx, n+1)
		ctx.Reply(statewire.Int.Of(n + 1))
		return err
	}, count)
	stream, welcome := connect(t, serving(t, statewire.Options{}, counter))
	if welcome.SdkName != "statewire-sdk-go" || len(welcome.Functions) != 1 || welcome.LeasedAddressesMax != 100_000 {
		t.Errorf("welcome %v", welcome)
	}
	expect := func(result *pb.Result, id uint64, n int32) {
		t.Helper()
		value := statewire.Int.Of(n).Bytes
		if result.InvocationId != id || len(result.StateChanges) != 1 || !bytes.Equal(result.StateChanges[0].Value, value) ||
			len(result.Replies) != 1 || !bytes.Equal(result.Replies[0].Value, value) {
			t.Errorf("result %v, expected count %d of invocation %d", result, n, id)
		}
	}
	stored := []*pb.StateValue{{Value: statewire.Int.Of(40).Bytes}}
	first := stream.invoke(&pb.Invocation{Id: "a", Inputs: []*pb.Input{text("")}, States: stored})
	expect(stream.results(1)[0], first, 41)
	second := stream.invoke(&pb.Invocation{Id: "a", Inputs: []*pb.Input{text("")}, Lease: first})
	expect(stream.results(1)[0], second, 42)
	third := stream.invoke(&pb.Invocation{Id: "a", Inputs: []*pb.Input{text("")}, Lease: first})
	request := stream.next().GetStateRequest()
	if request.GetInvocationId() != third || !request.LeaseMissing || len(request.States) != 0 {
		t.Fatalf("state request %v", request)
	}
	stream.send(&pb.RuntimeFrame{Frame: &pb.RuntimeFrame_StateReply{StateReply: &pb.StateReply{
		InvocationId: third, States: stored,
	}}})
	expect(stream.results(1)[0], third, 41)
}

func TestAFailingMessageKeepsWhatTheOnesBeforeItDid(t *testing.T) {
	last := statewire.NewState("last", statewire.String)
	function := handling(func(ctx *statewire.Context, text string) error {
		last.Set(ctx, text)
		ctx.Send(ctx.Self(), statewire.String.Of(text))
		switch text {
		case "panic":
			panic("as a bug would")
		case "exit":
			runtime.Goexit()
		}
		return nil
	}, last)
	stream, _ := connect(t, serving(t, statewire.Options{}, function))
	for _, bad := range []string{"panic", "exit"} {
		stream.invoke(&pb.Invocation{Id: bad, Inputs: []*pb.Input{text("one"), text("two"), text(bad), text("four")}})
		result := stream.results(1)[0]
		failure := result.Failure
		if failure.GetCompletedInputs() != 2 || !failure.Retryable || len(result.Sends) != 2 || result.Sends[0].Type != 1 {
			t.Errorf("%s: %v", bad, result)
		}
		if got := result.StateChanges; len(got) != 1 || !bytes.Equal(got[0].Value, statewire.String.Of("two").Bytes) {
			t.Errorf("%s: states %v", bad, got)
		}
	}
}

func TestLazyStateIsFetchedWhenItIsRead(t *testing.T) {
	document := statewire.NewState("document", statewire.String, statewire.Lazy())
	function := handling(func(ctx *statewire.Context, text string) error {
		if text == "" {
			return nil
		}
		found, ok, err := document.Lookup(ctx)
		ctx.Reply(statewire.String.Of(fmt.Sprintln(found, ok)))
		return err
	}, document)
	stream, _ := connect(t, serving(t, statewire.Options{}, function))
	reading := stream.invoke(&pb.Invocation{Id: "a", Inputs: []*pb.Input{text("read")}})
	request := stream.next().GetStateRequest()
	if request.GetInvocationId() != reading || len(request.States) != 1 || request.States[0] != 0 {
		t.Fatalf("state request %v", request)
	}
	other := stream.invoke(&pb.Invocation{Id: "b", Inputs: []*pb.Input{text("")}})
	if result := stream.results(1)[0]; result.InvocationId != other {
		t.Errorf("while it waits: %v", result)
	}
	stream.send(&pb.RuntimeFrame{Frame: &pb.RuntimeFrame_StateReply{StateReply: &pb.StateReply{
		InvocationId: reading, States: []*pb.StateValue{{Value: statewire.String.Of("text").Bytes}},
	}}})
	result := stream.results(1)[0]
	if len(result.Replies) != 1 || !bytes.Equal(result.Replies[0].Value, statewire.String.Of("text true\n").Bytes) {
		t.Errorf("result %v", result)
	}
}

func TestAContextIsDoneWhenTheTimeIsUpOrTheStreamIsLost(t *testing.T) {
	started, causes := make(chan bool, 1), make(chan error, 1)
	function := handling(func(ctx *statewire.Context, text string) error {
		_, hasDeadline := ctx.Deadline()
		started <- hasDeadline
		<-ctx.Done()
		ctx.Send(ctx.Self(), statewire.Bool.Of(true)) // Counts for nothing.
		causes <- context.Cause(ctx)
		return ctx.Err()
	})
	stream, _ := connect(t, serving(t, statewire.Options{}, function))
	stream.invoke(&pb.Invocation{Id: "a", Inputs: []*pb.Input{text("")}, TimeoutMs: 20})
	if !<-started {
		t.Error("the context has no deadline")
	}
	result := stream.results(1)[0]
	if result.Failure.GetCode() != pb.Failure_CODE_TIMEOUT || !result.Failure.Retryable || len(result.Sends) != 0 {
		t.Errorf("result %v", result)
	}
	if cause := <-causes; !strings.Contains(cause.Error(), "no result within") {
		t.Errorf("cause %v", cause)
	}
	stream.invoke(&pb.Invocation{Id: "b", Inputs: []*pb.Input{text("")}})
	<-started
	stream.cut()
	if cause := <-causes; !strings.Contains(cause.Error(), "stream to the runtime has ended") {
		t.Errorf("cause %v", cause)
	}
}

func TestABrokenClauseEndsTheStreamAndSaysWhich(t *testing.T) {
	log := &lockedBuffer{}
	options := statewire.Options{Logger: slog.New(slog.NewJSONHandler(log, nil))}
	function := handling(func(*statewire.Context, string) error { return nil })
	stream, _ := connect(t, serving(t, options, function))
	stream.invoke(&pb.Invocation{Id: "a"})
	broken := stream.next().GetError()
	if broken.GetClause() != "INVOKE-4" || !strings.Contains(broken.Message, "0 inputs") {
		t.Errorf("error %v", broken)
	}
	_, err := stream.frames.Recv()
	if status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), "INVOKE-4") {
		t.Errorf("the call ended with %v", err)
	}
	log.await(t, `"brokenBy":"runtime","clause":"INVOKE-4"`)
}

func TestFailuresAreLoggedWithTheirStack(t *testing.T) {
	log := &lockedBuffer{}
	options := statewire.Options{Logger: slog.New(slog.NewJSONHandler(log, nil))}
	function := handling(func(_ *statewire.Context, text string) error { panic("oh") })
	stream, _ := connect(t, serving(t, options, function))
	for range 30 {
		stream.invoke(&pb.Invocation{Id: "a", Inputs: []*pb.Input{text("secret")}})
		stream.results(1)
	}
	log.await(t, `"function":"test/function","id":"a","attempt":1,"error":"panic: oh","code":"panic","stack":"goroutine`)
	if lines := strings.Count(log.text(), "message failed"); lines > 20 {
		t.Errorf("%d failures were logged", lines)
	}
	if strings.Contains(log.text(), "secret") {
		t.Error("a value was logged")
	}
}

func TestShutdownFinishesWhatIsInFlight(t *testing.T) {
	release := make(chan struct{})
	function := handling(func(ctx *statewire.Context, _ string) error {
		<-release
		ctx.Reply(statewire.String.Of("done"))
		return nil
	})
	server := serving(t, statewire.Options{}, function)
	stream, _ := connect(t, server)
	stream.invoke(&pb.Invocation{Id: "a", Inputs: []*pb.Input{text("")}})
	ended := make(chan error, 1)
	go func() { ended <- server.Shutdown(context.Background()) }()
	if drain := stream.next().GetDrain(); drain == nil {
		t.Fatal("the server did not say that it drains")
	}
	close(release)
	if result := stream.results(1)[0]; len(result.Replies) != 1 {
		t.Errorf("result %v", result)
	}
	select {
	case err := <-ended:
		t.Errorf("shut down with a stream open: %v", err)
	default:
	}
	stream.half()
	if _, err := stream.frames.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("the call ended with %v", err)
	}
	if err := <-ended; err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

func TestShutdownLeavesTheRestWhenItsTimeIsUp(t *testing.T) {
	started := make(chan struct{})
	function := handling(func(ctx *statewire.Context, _ string) error {
		close(started)
		<-ctx.Done()
		return nil
	})
	server := serving(t, statewire.Options{}, function)
	stream, _ := connect(t, server)
	stream.invoke(&pb.Invocation{Id: "a", Inputs: []*pb.Input{text("")}})
	<-started
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if err := server.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("shutdown: %v", err)
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), contextKey{}, "mine"))
	values := make(chan any, 1)
	function := handling(func(ctx *statewire.Context, _ string) error {
		values <- ctx.Value(contextKey{})
		return ctx.Err()
	})
	server, err := statewire.Start(ctx, statewire.Options{Address: "127.0.0.1:0", Logger: quiet}, function)
	if err != nil {
		t.Fatal(err)
	}
	stream, _ := connect(t, server)
	cancel() // Ends Serve; handlers go on until they are drained.
	stream.invoke(&pb.Invocation{Id: "a", Inputs: []*pb.Input{text("")}})
	if result := stream.results(1)[0]; result.Failure != nil || <-values != "mine" {
		t.Errorf("result %v", result)
	}
	stream.cut()
	_ = server.Shutdown(context.Background())
	if err := statewire.Serve(ctx, statewire.Options{Address: "127.0.0.1:0", Logger: quiet}, function); err != nil {
		t.Errorf("serve: %v", err)
	}
}

type contextKey struct{}

func TestHealthAndDiscoverAnswer(t *testing.T) {
	function := handling(func(*statewire.Context, string) error { return nil })
	server := serving(t, statewire.Options{LeasedAddressesMax: -1}, function)
	connection := dial(t, server, nil)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, service := range []string{"", "statewire.v1.FunctionServer"} {
		answer, err := healthpb.NewHealthClient(connection).Check(ctx, &healthpb.HealthCheckRequest{Service: service})
		if err != nil || answer.Status != healthpb.HealthCheckResponse_SERVING {
			t.Errorf("health of %q is %v, %v", service, answer, err)
		}
	}
	client := pb.NewFunctionServerClient(connection)
	welcome, err := client.Discover(ctx, &pb.DiscoverRequest{Versions: []uint32{2, 1}})
	if err != nil || welcome.Functions[0].TypeName != "test/function" || len(welcome.Features) != 1 {
		t.Errorf("discover: %v, %v", welcome, err)
	}
	if _, err := client.Discover(ctx, &pb.DiscoverRequest{Versions: []uint32{9}}); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("discover with an unknown version: %v", err)
	}
}

// TestManyAddressesRunAtOnce shows that batches do not disturb each other; the race detector watches.
func TestManyAddressesRunAtOnce(t *testing.T) {
	count := statewire.NewState("count", statewire.Long)
	counter := handling(func(ctx *statewire.Context, _ string) error {
		n, err := count.Get(ctx)
		count.Set(ctx, n+1)
		ctx.Send(ctx.Self(), statewire.Long.Of(n+1))
		return err
	}, count)
	stream, _ := connect(t, serving(t, statewire.Options{}, counter))
	const rounds, addresses = 20, 100
	leases := make(map[string]uint64)
	for range rounds {
		ids := make(map[uint64]string)
		for n := range addresses {
			id := fmt.Sprint(n)
			ids[stream.invoke(&pb.Invocation{Id: id, Inputs: []*pb.Input{text(""), text("")}, Lease: leases[id]})] = id
		}
		for _, result := range stream.results(addresses) {
			if result.Failure != nil || len(result.Sends) != 2 {
				t.Fatalf("result %v", result)
			}
			leases[ids[result.InvocationId]] = result.InvocationId
		}
	}
	stream.invoke(&pb.Invocation{Id: "7", Inputs: []*pb.Input{text("")}, Lease: leases["7"]})
	value, err := statewire.Long.Decode(stream.results(1)[0].StateChanges[0].Value)
	if err != nil || value != 2*rounds+1 {
		t.Errorf("count %d, %v", value, err)
	}
}

// lockedBuffer is what a logger of a test writes to.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(line)
}

func (b *lockedBuffer) text() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// await looks for a text until it is written.
func (b *lockedBuffer) await(t *testing.T, expected string) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if strings.Contains(b.text(), expected) {
			return
		}
	}
	t.Errorf("the log has no %s:\n%s", expected, b.text())
}

func TestHandlersThatWereQuickMayBlock(t *testing.T) {
	const together = 64
	var arrived sync.WaitGroup
	arrived.Add(together)
	function := handling(func(_ *statewire.Context, text string) error {
		if text == "meet" {
			arrived.Done()
			arrived.Wait() // All of them have to run at the same time.
		}
		return nil
	})
	stream, _ := connect(t, serving(t, statewire.Options{}, function))
	sendFrame := func(what string) {
		batch := &pb.InvocationBatch{}
		for n := range together {
			stream.nextID++
			batch.Invocations = append(batch.Invocations, &pb.Invocation{
				InvocationId: stream.nextID, Type: 1, Id: fmt.Sprint(n), Inputs: []*pb.Input{text(what)},
			})
		}
		stream.send(&pb.RuntimeFrame{Frame: &pb.RuntimeFrame_Invocations{Invocations: batch}})
		stream.results(together)
	}
	for range 20 {
		sendFrame("be quick")
	}
	sendFrame("meet")
}
