package statewiretest

import (
	"time"

	statewire "github.com/statewire/statewire/sdk-go"
	pb "github.com/statewire/statewire/sdk-go/statewirev1"
)

// Sent is a message that a function sent. [statewire.Type.From] reads its value.
type Sent struct {
	Target statewire.Address
	// Caller is who sent it; the zero address: an ingress.
	Caller statewire.Address
	Value  statewire.TypedValue
	// Delay is that of a delayed message; 0 for all others.
	Delay time.Duration
	// Token is what a delayed message can be cancelled by; empty: nothing.
	Token string
}

func toSent(send *pb.Send, caller statewire.Address) Sent {
	return Sent{
		Target: statewire.TypeName(send.TypeName).At(send.Id),
		Caller: caller,
		Value:  statewire.TypedValue{Typename: send.Typename, Bytes: send.Value},
	}
}

func toDelayed(scheduled *pb.DelayedSend, caller statewire.Address) Sent {
	sent := toSent(scheduled.Send, caller)
	sent.Delay = time.Duration(scheduled.DelayMs) * time.Millisecond
	sent.Token = scheduled.CancellationToken
	return sent
}

// record is what a function sent to an egress.
type record struct {
	egress string
	value  statewire.TypedValue
}

func toRecord(sent *pb.EgressRecord) record {
	return record{sent.Egress, statewire.TypedValue{Typename: sent.Typename, Bytes: sent.Value}}
}
