// Package transport carries the sessions of one process over gRPC: it serves runtimes that dial it, and
// dials runtimes.
package transport

import (
	"google.golang.org/grpc/encoding"
	grpcproto "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"

	pb "github.com/statewire/statewire/sdk-go/statewirev1"
)

// incoming is a frame of the runtime as it arrived. One that does not decode is a protocol error of the
// session, not an error of the call, so the codec does not fail on it. [FRAME-2]
type incoming struct {
	frame pb.RuntimeFrame
	bytes int
	err   error
}

// outgoing is an encoded ServerFrame.
type outgoing []byte

// frameCodec passes frames through and leaves all other messages to gRPC's codec.
type frameCodec struct{ encoding.CodecV2 }

func newFrameCodec() frameCodec {
	return frameCodec{encoding.GetCodecV2(grpcproto.Name)}
}

func (c frameCodec) Marshal(message any) (mem.BufferSlice, error) {
	if frame, ok := message.(outgoing); ok {
		return mem.BufferSlice{mem.SliceBuffer(frame)}, nil
	}
	return c.CodecV2.Marshal(message)
}

func (c frameCodec) Unmarshal(data mem.BufferSlice, message any) error {
	in, ok := message.(*incoming)
	if !ok {
		return c.CodecV2.Unmarshal(data, message)
	}
	buffer := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer buffer.Free()
	in.bytes = buffer.Len()
	in.err = decodeFrame(buffer.ReadOnlyData(), &in.frame)
	return nil
}
