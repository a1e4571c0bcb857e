package statewire

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"time"

	"google.golang.org/grpc"

	"github.com/statewire/statewire/sdk-go/internal/session"
)

// Version is the version of this module, as runtimes are told.
const Version = "0.1.0"

// Options say how functions are served. At least one of Address and AttachTo is given.
type Options struct {
	// Address is where runtimes dial this process, "host:port"; port 0 takes a free one.
	Address string
	// AttachTo are gRPC addresses of runtimes that this process dials, for when it has no inbound port.
	AttachTo []string
	// TLS is for both: as a server it needs Certificates, and ClientCAs with ClientAuth for mutual TLS; to
	// dial, RootCAs, and Certificates for mutual TLS. Nil: clear text, for trusted networks.
	TLS *tls.Config
	// Authorization is the metadata of that name by which the two sides know each other, for example
	// "Bearer " and a secret: runtimes that dial must send it, and it is sent to those that are dialled.
	// Use it with TLS. Empty: nobody has to.
	Authorization string
	// Name is this process's in the runtimes' logs. Default: "pid@" and the process id.
	Name string
	// InFlightMax is how many invocations one stream may have in flight. Default: 2048.
	InFlightMax int
	// InFlightBytesMax is how many bytes of messages and state one stream may have in flight; one
	// invocation may exceed it. Default: 64 MiB.
	InFlightBytesMax int64
	// LeasedAddressesMax is of how many instances a stream keeps the state between messages, so that it
	// need not be sent again. Default: 100,000; negative: of none.
	LeasedAddressesMax int
	// LeasedBytesMax is the memory of one stream for that state. Default: 64 MiB.
	LeasedBytesMax int64
	// FrameBytesMax is the largest frame that a runtime may ask this process to receive. Default: 64 MiB.
	FrameBytesMax int
	// DrainTimeout is how long Serve waits for what is in flight when its context is done. Default: 30 s.
	DrainTimeout time.Duration
	// Logger is told of the address listened on (info), connections (debug), failures (warn) and
	// broken clauses (error). Values of messages and states are never logged. Default: slog.Default().
	Logger *slog.Logger
	// ServerOptions and DialOptions go to gRPC, after this module's own: for interceptors, credentials of
	// calls and the like.
	ServerOptions []grpc.ServerOption
	DialOptions   []grpc.DialOption
}

const (
	inFlightMaxDefault        = 2048
	inFlightBytesMaxDefault   = 64 << 20
	leasedAddressesMaxDefault = 100_000
	leasedBytesMaxDefault     = 64 << 20
	frameBytesMaxDefault      = 64 << 20
	drainTimeoutDefault       = 30 * time.Second
)

// withDefaults says what is not said.
func (o Options) withDefaults() Options {
	setDefault(&o.Name, fmt.Sprintf("pid@%d", os.Getpid()))
	setDefault(&o.InFlightMax, inFlightMaxDefault)
	setDefault(&o.InFlightBytesMax, inFlightBytesMaxDefault)
	setDefault(&o.LeasedAddressesMax, leasedAddressesMaxDefault)
	setDefault(&o.LeasedBytesMax, leasedBytesMaxDefault)
	setDefault(&o.FrameBytesMax, frameBytesMaxDefault)
	setDefault(&o.DrainTimeout, drainTimeoutDefault)
	o.LeasedAddressesMax = max(0, o.LeasedAddressesMax)
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

func (o Options) validate() error {
	if o.Address == "" && len(o.AttachTo) == 0 {
		return newError(CodeInvalid, nil, "neither Options.Address nor Options.AttachTo is given")
	}
	const intMax = 1<<31 - 1
	for _, bound := range []struct {
		name  string
		value int64
		max   int64
	}{
		{"InFlightMax", int64(o.InFlightMax), intMax},
		{"InFlightBytesMax", o.InFlightBytesMax, 1<<53 - 1},
		{"LeasedAddressesMax", int64(max(0, o.LeasedAddressesMax)), intMax},
		{"FrameBytesMax", int64(o.FrameBytesMax), intMax},
	} {
		if bound.value < 0 || bound.value > bound.max {
			return newError(CodeInvalid, nil, "Options.%s %d, expected 1 to %d", bound.name, bound.value, bound.max)
		}
	}
	return nil
}

func (o Options) offer(table []*registered) session.Offer {
	offer := session.Offer{
		SDKName:            "statewire-sdk-go",
		SDKVersion:         Version,
		ServerName:         o.Name,
		InvocationsMax:     o.InFlightMax,
		PayloadBytesMax:    o.InFlightBytesMax,
		FrameBytesMax:      o.FrameBytesMax,
		LeasedAddressesMax: o.LeasedAddressesMax,
		LeasedBytesMax:     o.LeasedBytesMax,
	}
	for _, function := range table {
		offer.Functions = append(offer.Functions, function.spec())
	}
	return offer
}

func setDefault[T comparable](option *T, value T) {
	var zero T
	if *option == zero {
		*option = value
	}
}
