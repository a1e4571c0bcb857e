package statewire

import (
	"context"
	"net"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/statewire/statewire/sdk-go/internal/transport"
)

// Serve serves functions to Statewire runtimes until ctx is done. Then it drains: it asks the runtimes
// to send nothing more, lets what is in flight finish, and closes. What is not finished in
// Options.DrainTimeout is run again elsewhere.
//
//	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
//	defer stop()
//	err := statewire.Serve(ctx, statewire.Options{Address: "127.0.0.1:7500"}, counter)
//
// It fails with CodeInvalid when the functions or options cannot be served, and with the error of the
// network when the address cannot be listened on. A runtime that is not there yet is no error: it is
// dialled until it is. The values of ctx are those of the contexts that handlers get.
func Serve(ctx context.Context, options Options, functions ...Function) error {
	server, err := Start(ctx, options, functions...)
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case err = <-server.failed():
	}
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), server.options.DrainTimeout)
	defer cancel()
	// What the time did not suffice for is no error of the server: the runtime runs it elsewhere.
	_ = server.Shutdown(patience)
	return err
}

// Server serves functions. [Start] makes one.
type Server struct {
	options     Options
	host        *transport.Host
	port        *transport.Server
	attachments []*transport.Attachment
	shutdown    sync.Once
	drained     error
}

// Start begins to serve, and returns when the address is listened on. It fails as [Serve] does. The
// values of ctx are those of the contexts that handlers get; that it is done ends nothing.
func Start(ctx context.Context, options Options, functions ...Function) (*Server, error) {
	if err := options.validate(); err != nil {
		return nil, err
	}
	options = options.withDefaults()
	table, err := register(functions)
	if err != nil {
		return nil, err
	}
	events := newEventLog(options.Logger)
	runner := &runner{table: table, logger: options.Logger, failed: events.failed}
	server := &Server{options: options, host: transport.NewHost(transport.HostOptions{
		Offer:    options.offer(table),
		Base:     ctx,
		Run:      runner.run,
		Observer: events,
	})}
	if options.Address != "" {
		listener, err := net.Listen("tcp", options.Address)
		if err != nil {
			return nil, err
		}
		options.Logger.Info("statewire: listening", "address", listener.Addr().String())
		server.port = transport.Listen(listener, server.host, options.Authorization, server.grpcOptions())
	}
	for _, address := range options.AttachTo {
		attachment := transport.Attach(address, server.host, transport.AttachOptions{
			Security: server.security(), Authorization: options.Authorization, Dial: options.DialOptions,
		})
		server.attachments = append(server.attachments, attachment)
	}
	return server, nil
}

// Addr is where runtimes dial, with the port that was taken; nil when this process only dials.
func (s *Server) Addr() net.Addr {
	if s.port == nil {
		return nil
	}
	return s.port.Addr()
}

// Shutdown drains: it asks the runtimes to send nothing more, waits until what is in flight has
// finished, and closes. When ctx is done before, the rest is left to run elsewhere, and the error is
// ctx's. Later calls return what the first one does.
func (s *Server) Shutdown(ctx context.Context) error {
	s.shutdown.Do(func() {
		if s.port != nil {
			s.port.StopAccepting()
		}
		for _, attachment := range s.attachments {
			attachment.StopDialling()
		}
		s.drained = s.host.Drain(ctx)
		if s.port != nil {
			s.port.Stop()
		}
		for _, attachment := range s.attachments {
			attachment.Close()
		}
	})
	return s.drained
}

// failed receives why the port takes no more connections.
func (s *Server) failed() <-chan error {
	if s.port == nil {
		return nil
	}
	return s.port.Failed()
}

func (s *Server) grpcOptions() []grpc.ServerOption {
	options := s.options.ServerOptions
	if s.options.TLS != nil {
		options = append([]grpc.ServerOption{grpc.Creds(credentials.NewTLS(s.options.TLS))}, options...)
	}
	return options
}

func (s *Server) security() credentials.TransportCredentials {
	if s.options.TLS == nil {
		return insecure.NewCredentials()
	}
	return credentials.NewTLS(s.options.TLS)
}

var _ transport.Observer = (*eventLog)(nil)
