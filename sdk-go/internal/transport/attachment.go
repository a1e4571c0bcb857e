package transport

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	pb "github.com/statewire/statewire/sdk-go/statewirev1"
)

// lastFrameGrace is how long a runtime has to take the last frame of a stream that ends.
const lastFrameGrace = time.Second

// Attachment dials a runtime and keeps dialling: whenever its stream ends, the next attempt follows
// after a delay that grows until a handshake has completed.
type Attachment struct {
	address       string
	host          *Host
	authorization string
	options       []grpc.DialOption
	// dialling ends the attempts, calls ends the stream that is open as well.
	dialling, calls         context.Context
	stopDialling, stopCalls context.CancelFunc
	done                    chan struct{}
}

// AttachOptions say how a runtime is dialled.
type AttachOptions struct {
	Security credentials.TransportCredentials
	// Authorization is sent with every call, unless it is empty.
	Authorization string
	Dial          []grpc.DialOption
}

// Attach starts to dial "host:port" of a runtime.
func Attach(address string, host *Host, how AttachOptions) *Attachment {
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(how.Security),
		grpc.WithDefaultCallOptions(
			grpc.ForceCodecV2(newFrameCodec()),
			grpc.MaxCallRecvMsgSize(host.options.Offer.FrameBytesMax),
			grpc.MaxCallSendMsgSize(math.MaxInt32),
		),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time: pingAfter, Timeout: pingTimeout, PermitWithoutStream: true,
		}),
		grpc.WithInitialWindowSize(streamWindowBytes),
		grpc.WithInitialConnWindowSize(connectionWindowBytes),
		grpc.WithReadBufferSize(bufferBytes),
		grpc.WithWriteBufferSize(bufferBytes),
	}
	a := &Attachment{
		address: address, host: host, authorization: how.Authorization,
		options: append(options, how.Dial...), done: make(chan struct{}),
	}
	a.dialling, a.stopDialling = context.WithCancel(context.Background())
	a.calls, a.stopCalls = context.WithCancel(context.Background())
	go a.keepDialling()
	return a
}

// StopDialling makes no more attempts. The stream that is open stays so.
func (a *Attachment) StopDialling() { a.stopDialling() }

// Close ends the stream, and waits for that.
func (a *Attachment) Close() {
	a.stopDialling()
	a.stopCalls()
	<-a.done
}

func (a *Attachment) keepDialling() {
	defer close(a.done)
	for failures := 1; ; failures++ {
		opened, err := a.dial()
		if a.dialling.Err() != nil {
			return
		}
		var broken *protocolError
		afterProtocolError := errors.As(err, &broken)
		if opened && !afterProtocolError {
			failures = 1
		}
		delay := backoff(failures, rand.Float64(), afterProtocolError)
		a.host.options.Observer.Redialling(a.address, err, delay, failures)
		select {
		case <-time.After(delay):
		case <-a.dialling.Done():
			return
		}
	}
}

// dial carries one stream until it ends, and reports whether its handshake completed. Each attempt has
// a connection of its own: one that failed would reconnect at a pace of its own.
func (a *Attachment) dial() (opened bool, err error) {
	connection, err := grpc.NewClient(a.address, a.options...)
	if err != nil {
		return false, err
	}
	defer connection.Close()
	ctx, cancel := context.WithCancel(withAuthorization(a.calls, a.authorization))
	defer cancel()
	call, err := pb.NewFunctionGatewayClient(connection).Attach(ctx)
	if err != nil {
		return false, describe(err)
	}
	stream, err := a.host.carry(ctx, a.address, call)
	_ = call.CloseSend()
	select {
	case <-stream.readerDone:
	case <-time.After(lastFrameGrace):
	case <-ctx.Done():
	}
	return stream.wasOpened(), describe(err)
}

// describe leaves of an error of the call what it says.
func describe(err error) error {
	if failed, ok := status.FromError(err); ok && failed.Message() != "" {
		return errors.New(failed.Code().String() + ": " + failed.Message())
	}
	return err
}
