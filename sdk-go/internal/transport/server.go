package transport

import (
	"context"
	"errors"
	"math"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/statewire/statewire/sdk-go/internal/session"
	pb "github.com/statewire/statewire/sdk-go/statewirev1"
)

const (
	// A PING after 20 seconds without a frame, and 10 seconds for its answer. [KEEP-1] [KEEP-3]
	pingAfter   = 20 * time.Second
	pingTimeout = 10 * time.Second
	// pingsPermitted is stricter than the 10 seconds of KEEP-2 by half: clocks and networks jitter.
	pingsPermitted = 5 * time.Second

	streamWindowBytes     = 4 << 20
	connectionWindowBytes = 16 << 20
	bufferBytes           = 64 << 10

	// stopGrace is for the last frames and statuses; a tool that watches health stays for ever.
	stopGrace = time.Second
)

// Server is the port on which runtimes dial this process: FunctionServer and grpc.health.v1.Health.
type Server struct {
	grpc     *grpc.Server
	health   *health.Server
	service  *functionServer
	listener net.Listener
	done     chan error
}

// Listen serves on a listener, which it takes over. Calls must carry the authorization, unless it is empty.
func Listen(listener net.Listener, host *Host, authorization string, more []grpc.ServerOption) *Server {
	options := []grpc.ServerOption{
		grpc.ForceServerCodecV2(newFrameCodec()),
		grpc.MaxRecvMsgSize(host.options.Offer.FrameBytesMax),
		grpc.MaxSendMsgSize(math.MaxInt32),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: pingAfter, Timeout: pingTimeout}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: pingsPermitted, PermitWithoutStream: true}),
		grpc.InitialWindowSize(streamWindowBytes),
		grpc.InitialConnWindowSize(connectionWindowBytes),
		grpc.ReadBufferSize(bufferBytes),
		grpc.WriteBufferSize(bufferBytes),
	}
	server := &Server{
		grpc:     grpc.NewServer(append(options, more...)...),
		health:   health.NewServer(),
		service:  &functionServer{host: host, authorization: authorization},
		listener: listener,
		done:     make(chan error, 1),
	}
	server.service.accepting.Store(true)
	pb.RegisterFunctionServerServer(server.grpc, server.service)
	healthpb.RegisterHealthServer(server.grpc, server.health)
	server.health.SetServingStatus(pb.FunctionServer_ServiceDesc.ServiceName, healthpb.HealthCheckResponse_SERVING)
	go func() { server.done <- server.grpc.Serve(listener) }()
	return server
}

// Addr is where runtimes dial.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Failed receives why the listener takes no more connections; nil after Stop.
func (s *Server) Failed() <-chan error { return s.done }

// StopAccepting lets health say NOT_SERVING, and refuses new streams.
func (s *Server) StopAccepting() {
	s.service.accepting.Store(false)
	s.health.Shutdown()
}

// Stop closes the port: what has ended says so to its peer, what has not is cut off soon.
func (s *Server) Stop() {
	force := time.AfterFunc(stopGrace, s.grpc.Stop)
	defer force.Stop()
	s.grpc.GracefulStop()
}

// functionServer implements the service FunctionServer.
type functionServer struct {
	pb.UnimplementedFunctionServerServer
	host          *Host
	authorization string
	accepting     atomic.Bool
}

func (f *functionServer) Discover(ctx context.Context, request *pb.DiscoverRequest) (*pb.Welcome, error) {
	if err := authorize(ctx, f.authorization); err != nil {
		return nil, err
	}
	if !slices.Contains(request.Versions, session.ProtocolVersion) {
		return nil, status.Errorf(codes.FailedPrecondition,
			"the caller speaks versions %v, this server speaks %d", request.Versions, session.ProtocolVersion)
	}
	offer := &f.host.options.Offer
	return offer.Welcome(offer.LeasedAddressesMax > 0, true), nil
}

func (f *functionServer) Connect(call grpc.BidiStreamingServer[pb.RuntimeFrame, pb.ServerFrame]) error {
	if err := authorize(call.Context(), f.authorization); err != nil {
		return err
	}
	if !f.accepting.Load() {
		return status.Error(codes.Unavailable, "the function server drains")
	}
	name := "a runtime"
	if from, ok := peer.FromContext(call.Context()); ok {
		name = from.Addr.String()
	}
	_, err := f.host.carry(call.Context(), name, call)
	var broken *protocolError
	switch {
	case errors.As(err, &broken):
		return status.Error(codes.InvalidArgument, broken.Violation.Error())
	case errors.Is(err, errInOrder):
		return nil
	default:
		return status.Error(codes.Unavailable, err.Error())
	}
}
