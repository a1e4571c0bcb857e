// The conformance interpreter on generated stubs. It shakes hands and completes invocations that ask
// for nothing; README.md says what comes next.
package main

import (
	"errors"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	pb "interpreter/gen/statewire/v1"
)

func welcome() *pb.Welcome {
	spec := &pb.FunctionSpec{TypeName: "conformance/interpreter"}
	for _, name := range []string{"value", "other", "expiring", "lazy"} {
		spec.States = append(spec.States, &pb.StateSpec{Name: name, Typename: "conformance/bytes"})
	}
	spec.States[2].Expiration = &pb.Expiration{Mode: pb.Expiration_MODE_AFTER_WRITE, DurationMs: 60_000}
	window := &pb.InvocationWindow{Invocations: 1000, Bytes: 16 << 20}
	return &pb.Welcome{Version: 1, SdkName: "my-sdk", Functions: []*pb.FunctionSpec{spec}, Window: window}
}

type server struct {
	pb.UnimplementedFunctionServerServer
	mutex   sync.Mutex
	streams map[pb.FunctionServer_ConnectServer]bool
}

// send is safe beside drain: one stream may be written to by one goroutine at a time.
func (s *server) send(stream pb.FunctionServer_ConnectServer, frame *pb.ServerFrame) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return stream.Send(frame)
}

// Connect is one stream: the runtime speaks first.
func (s *server) Connect(stream pb.FunctionServer_ConnectServer) error {
	s.mutex.Lock()
	s.streams[stream] = true
	s.mutex.Unlock()
	defer func() {
		s.mutex.Lock()
		delete(s.streams, stream)
		s.mutex.Unlock()
	}()
	for {
		frame, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil // [DRAIN-6] when results are left, send them first.
		}
		if err != nil {
			return err
		}
		if err := s.receive(stream, frame); err != nil {
			return err
		}
	}
}

func (s *server) receive(stream pb.FunctionServer_ConnectServer, frame *pb.RuntimeFrame) error {
	switch kind := frame.Frame.(type) {
	case *pb.RuntimeFrame_Hello:
		if !slices.Contains(kind.Hello.Versions, 1) {
			failure := &pb.ProtocolError{Clause: "HELLO-3", Message: "this server speaks [1]"}
			_ = s.send(stream, &pb.ServerFrame{Frame: &pb.ServerFrame_Error{Error: failure}})
			return status.Error(codes.InvalidArgument, "HELLO-3") // [ERROR-5]
		}
		return s.send(stream, &pb.ServerFrame{Frame: &pb.ServerFrame_Welcome{Welcome: welcome()}})
	case *pb.RuntimeFrame_Invocations:
		batch := &pb.ResultBatch{}
		for _, invocation := range kind.Invocations.Invocations {
			batch.Results = append(batch.Results, run(invocation))
		}
		return s.send(stream, &pb.ServerFrame{Frame: &pb.ServerFrame_Results{Results: batch}})
	case *pb.RuntimeFrame_Error:
		log.Printf("protocol error %s: %s", kind.Error.Clause, kind.Error.Message)
		return status.Error(codes.InvalidArgument, kind.Error.Clause)
	}
	return nil // Credit, drain and state replies come next.
}

// run runs the inputs of an invocation in order. Next: do what their commands say.
func run(invocation *pb.Invocation) *pb.Result {
	return &pb.Result{InvocationId: invocation.InvocationId}
}

func main() {
	listener, err := net.Listen("tcp", os.Getenv("CONFORMANCE_ADDRESS"))
	if err != nil {
		log.Fatal(err)
	}
	pings := grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true})
	grpcServer := grpc.NewServer(grpc.MaxRecvMsgSize(64<<20), pings)
	own := &server{streams: map[pb.FunctionServer_ConnectServer]bool{}}
	pb.RegisterFunctionServerServer(grpcServer, own)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	go func() {
		<-signals
		own.mutex.Lock()
		for stream := range own.streams {
			_ = stream.Send(&pb.ServerFrame{Frame: &pb.ServerFrame_Drain{Drain: &pb.Drain{Reason: "stop"}}})
		}
		own.mutex.Unlock()
		grpcServer.GracefulStop()
	}()
	if err := grpcServer.Serve(listener); err != nil {
		log.Fatal(err)
	}
}
