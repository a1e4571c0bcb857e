package session

import (
	"slices"

	pb "github.com/statewire/statewire/sdk-go/statewirev1"
)

// ProtocolVersion is the version of PROTOCOL.md that this module speaks.
const ProtocolVersion = 1

const (
	// leasesFeature: the runtime may name a version of states that the server keeps.
	leasesFeature = "leases"
	// lazyStateFeature: the table may declare states that are only sent when they are asked for.
	lazyStateFeature = "lazy-state"

	helloBytesMax = 65_536
	// integerMax is what every language can hold. [LIMIT-7]
	integerMax = 1<<53 - 1
)

// Offer is what this side brings to a handshake.
type Offer struct {
	SDKName    string
	SDKVersion string
	ServerName string
	// Functions is the function table, lazy states declared as such.
	Functions []*pb.FunctionSpec
	// InvocationsMax is how many invocations a stream may have in flight.
	InvocationsMax int
	// PayloadBytesMax is how many payload bytes a stream may have in flight; one invocation may exceed it.
	PayloadBytesMax int64
	// FrameBytesMax is the largest frame that can be received.
	FrameBytesMax int
	// LeasedAddressesMax is of how many addresses state is kept between invocations; 0: of none.
	LeasedAddressesMax int
	// LeasedBytesMax is the memory for that state.
	LeasedBytesMax int64
}

type agreement struct {
	welcome *pb.Welcome
	limits  *pb.Limits
	leases  bool
}

// negotiate answers Hello, or says what it breaks.
func negotiate(hello *pb.Hello, helloBytes int, offer *Offer) (agreement, *Violation) {
	if helloBytes > helloBytesMax {
		return agreement{}, violated("LIMIT-5", "Hello of %d bytes is larger than %d bytes", helloBytes, helloBytesMax)
	}
	if violation := validateVersions(hello.Versions); violation != nil {
		return agreement{}, violation
	}
	if violation := validateLimits(hello.Limits, offer); violation != nil {
		return agreement{}, violation
	}
	leases := offer.LeasedAddressesMax > 0 && slices.Contains(hello.Features, leasesFeature)
	lazyState := slices.Contains(hello.Features, lazyStateFeature)
	return agreement{welcome: offer.Welcome(leases, lazyState), limits: hello.Limits, leases: leases}, nil
}

// Welcome is what the server announces. Without the lazy-state feature, lazy states are declared
// eager: they then come with every invocation, and reading them costs no round trip.
func (o *Offer) Welcome(leases, lazyState bool) *pb.Welcome {
	welcome := &pb.Welcome{
		Version:    ProtocolVersion,
		SdkName:    o.SDKName,
		SdkVersion: o.SDKVersion,
		ServerName: o.ServerName,
		Window:     &pb.InvocationWindow{Invocations: uint32(o.InvocationsMax), Bytes: uint64(o.PayloadBytesMax)},
	}
	if leases {
		welcome.Features = append(welcome.Features, leasesFeature)
		welcome.LeasedAddressesMax = uint32(o.LeasedAddressesMax)
	}
	if lazyState {
		welcome.Features = append(welcome.Features, lazyStateFeature)
	}
	for _, spec := range o.Functions {
		announced := &pb.FunctionSpec{TypeName: spec.TypeName, InFlightMax: spec.InFlightMax, BatchMax: spec.BatchMax}
		for _, state := range spec.States {
			announced.States = append(announced.States, &pb.StateSpec{
				Name:       state.Name,
				Typename:   state.Typename,
				Expiration: state.Expiration,
				Lazy:       state.Lazy && lazyState,
			})
		}
		welcome.Functions = append(welcome.Functions, announced)
	}
	return welcome
}

func validateVersions(versions []uint32) *Violation {
	descending := len(versions) > 0
	for i, version := range versions {
		descending = descending && version > 0 && (i == 0 || version < versions[i-1])
	}
	if !descending {
		return violated("HELLO-7", "Hello has versions %v, expected some from the highest to the lowest", versions)
	}
	if !slices.Contains(versions, ProtocolVersion) {
		return violated("HELLO-3", "the runtime speaks versions %v, this server speaks %d", versions, ProtocolVersion)
	}
	return nil
}

func validateLimits(limits *pb.Limits, offer *Offer) *Violation {
	if limits == nil || limits.FrameBytesMax == 0 || limits.ValueBytesMax == 0 || limits.IdBytesMax == 0 ||
		limits.EffectsMax == 0 || limits.ResultCreditBytes == 0 {
		return violated("HELLO-14", "Hello has a limit that is absent or 0")
	}
	if limits.ResultCreditBytes > integerMax {
		return violated("LIMIT-7", "result_credit_bytes %d is more than 2^53 - 1", limits.ResultCreditBytes)
	}
	if uint64(limits.ValueBytesMax)*4 > uint64(limits.FrameBytesMax) {
		return violated("LIMIT-9", "value_bytes_max %d is more than a quarter of frame_bytes_max %d",
			limits.ValueBytesMax, limits.FrameBytesMax)
	}
	if int64(limits.FrameBytesMax) > int64(offer.FrameBytesMax) {
		return violated("LIMIT-6", "frame_bytes_max %d is more than the %d bytes that this server receives: "+
			"raise FrameBytesMax of its Options, or lower the runtime's setting frameBytesMax",
			limits.FrameBytesMax, offer.FrameBytesMax)
	}
	return nil
}
