// The bound of the Go SDK: grpc-go and the generated protobuf code, and nothing else. Answers frames of
// invocations with frames of results: each state changed, as ../../src/floors/frames.ts does.
package main

import (
	"errors"
	"io"
	"log"
	"net"
	"os"

	"google.golang.org/grpc"

	pb "github.com/statewire/statewire/sdk-go/statewirev1"
)

type server struct {
	pb.UnimplementedFunctionServerServer
}

func (server) Connect(stream grpc.BidiStreamingServer[pb.RuntimeFrame, pb.ServerFrame]) error {
	for {
		frame, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(answer(frame)); err != nil {
			return err
		}
	}
}

// answer is the frame of results of a frame of invocations.
func answer(frame *pb.RuntimeFrame) *pb.ServerFrame {
	invocations := frame.GetInvocations().GetInvocations()
	results := make([]*pb.Result, len(invocations))
	for i, invocation := range invocations {
		state := append([]byte(nil), invocation.States[0].Value...)
		state[0] += invocation.Inputs[0].Value[1]
		results[i] = &pb.Result{
			InvocationId: invocation.InvocationId,
			StateChanges: []*pb.StateValue{{Value: state}},
		}
	}
	return &pb.ServerFrame{Frame: &pb.ServerFrame_Results{Results: &pb.ResultBatch{Results: results}}}
}

func main() {
	listener, err := net.Listen("tcp", os.Getenv("BENCH_ADDRESS"))
	if err != nil {
		log.Fatal(err)
	}
	// The windows and buffers of the SDK.
	grpcServer := grpc.NewServer(grpc.InitialWindowSize(4<<20), grpc.InitialConnWindowSize(16<<20),
		grpc.ReadBufferSize(64<<10), grpc.WriteBufferSize(64<<10))
	pb.RegisterFunctionServerServer(grpcServer, server{})
	log.Fatal(grpcServer.Serve(listener))
}
