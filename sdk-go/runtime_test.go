package statewire_test

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	statewire "github.com/statewire/statewire/sdk-go"
	pb "github.com/statewire/statewire/sdk-go/statewirev1"
)

// patience is how long a test waits for what has to come. A busy machine needs some of it.
const patience = 20 * time.Second

// quiet is a logger that writes nothing.
var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// serving starts a server on a free port, and shuts it down at the end of the test.
func serving(t *testing.T, options statewire.Options, functions ...statewire.Function) *statewire.Server {
	t.Helper()
	if len(options.AttachTo) == 0 {
		options.Address = "127.0.0.1:0"
	}
	if options.Logger == nil {
		options.Logger = quiet
	}
	server, err := statewire.Start(context.Background(), options, functions...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		_ = server.Shutdown(ctx)
	})
	return server
}

// dial connects to a server as a runtime does.
func dial(t *testing.T, server *statewire.Server, security credentials.TransportCredentials) *grpc.ClientConn {
	t.Helper()
	if security == nil {
		security = insecure.NewCredentials()
	}
	connection, err := grpc.NewClient(server.Addr().String(), grpc.WithTransportCredentials(security))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return connection
}

// frames is a stream of either role.
type frames interface {
	Send(*pb.RuntimeFrame) error
	Recv() (*pb.ServerFrame, error)
}

// runtimeStream is the runtime's end of a stream.
type runtimeStream struct {
	t      *testing.T
	frames frames
	// half closes the runtime's side.
	half func()
	// cut loses the stream.
	cut    context.CancelFunc
	nextID uint64
}

// connect opens a stream to a server and says Hello.
func connect(t *testing.T, server *statewire.Server) (*runtimeStream, *pb.Welcome) {
	t.Helper()
	return connectOver(t, dial(t, server, nil))
}

func connectOver(t *testing.T, connection *grpc.ClientConn) (*runtimeStream, *pb.Welcome) {
	t.Helper()
	ctx, cut := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cut)
	call, err := pb.NewFunctionServerClient(connection).Connect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	stream := &runtimeStream{t: t, frames: call, cut: cut, half: func() { _ = call.CloseSend() }}
	return stream, stream.greet()
}

func (r *runtimeStream) greet() *pb.Welcome {
	r.t.Helper()
	r.send(&pb.RuntimeFrame{Frame: &pb.RuntimeFrame_Hello{Hello: hello()}})
	return r.next().GetWelcome()
}

func hello() *pb.Hello {
	return &pb.Hello{
		Versions:    []uint32{1},
		RuntimeName: "test",
		Features:    []string{"leases", "lazy-state"},
		Limits: &pb.Limits{
			FrameBytesMax:     4 << 20,
			ValueBytesMax:     1 << 20,
			IdBytesMax:        512,
			EffectsMax:        1000,
			ResultCreditBytes: 16 << 20,
		},
	}
}

func (r *runtimeStream) send(frame *pb.RuntimeFrame) {
	r.t.Helper()
	if err := r.frames.Send(frame); err != nil {
		r.t.Fatalf("sending: %v", err)
	}
}

func (r *runtimeStream) next() *pb.ServerFrame {
	r.t.Helper()
	frame, err := r.frames.Recv()
	if err != nil {
		r.t.Fatalf("receiving: %v", err)
	}
	return frame
}

// invoke sends one invocation of the function at a type index, and returns its id.
func (r *runtimeStream) invoke(invocation *pb.Invocation) uint64 {
	r.t.Helper()
	r.nextID++
	invocation.InvocationId = r.nextID
	if invocation.Type == 0 {
		invocation.Type = 1
	}
	r.send(&pb.RuntimeFrame{Frame: &pb.RuntimeFrame_Invocations{Invocations: &pb.InvocationBatch{
		Invocations: []*pb.Invocation{invocation},
	}}})
	return r.nextID
}

// results receives so many results, in order of arrival.
func (r *runtimeStream) results(count int) []*pb.Result {
	r.t.Helper()
	var results []*pb.Result
	for len(results) < count {
		frame := r.next()
		if frame.GetResults() == nil {
			r.t.Fatalf("expected results, received %v", frame)
		}
		results = append(results, frame.GetResults().Results...)
	}
	return results
}

// text is an input that carries a string.
func text(value string) *pb.Input {
	typed := statewire.String.Of(value)
	return &pb.Input{Typename: typed.Typename, Value: typed.Bytes, WantsReply: true}
}
