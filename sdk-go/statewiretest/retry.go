package statewiretest

import (
	"math"
	"time"

	statewire "github.com/statewire/statewire/sdk-go"
	pb "github.com/statewire/statewire/sdk-go/statewirev1"
)

// Retry is what happens to messages that fail, as "retry" of an endpoint in module.yaml. Fields that
// are 0 have the runtime's default. Its waits vary a little, those of a test do not.
type Retry struct {
	// AttemptsMax are failed attempts before a message is given up. Default: 70; negative: no limit.
	AttemptsMax int
	// InitialBackoff is the wait after the first failed attempt. Default: 100 ms.
	InitialBackoff time.Duration
	// MaxBackoff: no wait is longer. Default: 30 s.
	MaxBackoff time.Duration
	// Factor: each wait is so many times the one before. Default: 2.
	Factor float64
	// DeadLetterEgress, "namespace/name", is where a message goes that is given up. Default: nowhere, its
	// address is parked. The records are of statewire.DeadLetterType.
	DeadLetterEgress string
}

func (r Retry) withDefaults() Retry {
	if r.AttemptsMax == 0 {
		r.AttemptsMax = 70
	}
	if r.InitialBackoff == 0 {
		r.InitialBackoff = 100 * time.Millisecond
	}
	if r.MaxBackoff == 0 {
		r.MaxBackoff = 30 * time.Second
	}
	if r.Factor == 0 {
		r.Factor = 2
	}
	return r
}

// delay is how long an address waits after a failed attempt (from 1).
func (r Retry) delay(attempt int) time.Duration {
	growing := float64(r.InitialBackoff) * math.Pow(r.Factor, float64(attempt-1))
	return time.Duration(min(float64(r.MaxBackoff), growing))
}

// givesUp: a refused result, which has no failure, is not tried again.
func (r Retry) givesUp(failure *pb.Failure, attempt int) bool {
	if !failure.GetRetryable() {
		return true
	}
	return r.AttemptsMax > 0 && attempt >= r.AttemptsMax
}

// Parked is an address that runs no more, and why.
type Parked struct {
	Address statewire.Address
	// Code is as a runtime calls it: "function", "badInput", "badState", "timeout", "badResult",
	// "unknownType".
	Code string
	Err  error
	// Attempts are those at the message that the address is parked for which failed.
	Attempts int
}

// codeOf is the runtime's name for what went wrong. Nil: the result was refused.
func codeOf(failure *pb.Failure) string {
	switch failure.GetCode() {
	case pb.Failure_CODE_BAD_INPUT:
		return "badInput"
	case pb.Failure_CODE_BAD_STATE:
		return "badState"
	case pb.Failure_CODE_TIMEOUT:
		return "timeout"
	case pb.Failure_CODE_OVERLOADED:
		return "overloaded"
	case pb.Failure_CODE_UNKNOWN_FUNCTION:
		return "unknownFunction"
	}
	if failure == nil {
		return "badResult"
	}
	return "function"
}
