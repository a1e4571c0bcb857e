package statewiretest

import (
	"context"
	"math"
	"time"

	statewire "github.com/statewire/statewire/sdk-go"
	"github.com/statewire/statewire/sdk-go/internal/local"
	"github.com/statewire/statewire/sdk-go/internal/session"
	pb "github.com/statewire/statewire/sdk-go/statewirev1"
)

// runtimeLimits are the runtime's defaults, so that a test meets the limits that production has.
var runtimeLimits = &pb.Limits{
	FrameBytesMax:     4 << 20,
	ValueBytesMax:     1 << 20,
	IdBytesMax:        512,
	EffectsMax:        10_000,
	ResultCreditBytes: 1<<53 - 1,
}

// message waits for its target.
type message struct {
	value      statewire.TypedValue
	caller     statewire.Address
	wantsReply bool
	// answered is told what became of it; nil: nobody waits.
	answered func(reply *statewire.TypedValue, err error)
}

// localRun are messages of one address, and what they find.
type localRun struct {
	function local.Function
	target   statewire.Address
	messages []*message
	state    *memoryState
	attempt  int
	now      time.Duration
}

// run runs messages of one address through the code that a server runs.
func (r localRun) run() (*pb.Result, error) {
	invocation := &pb.Invocation{
		InvocationId: 1,
		Id:           r.target.ID,
		Attempt:      uint32(min(r.attempt, math.MaxInt32)),
	}
	callers := []string{}
	for _, message := range r.messages {
		input := &pb.Input{
			Typename:   message.value.Typename,
			Value:      message.value.Bytes,
			WantsReply: message.wantsReply,
		}
		if message.caller != (statewire.Address{}) {
			callers = append(callers, string(message.caller.Type))
			input.CallerType = uint32(len(callers))
			input.CallerId = message.caller.ID
		}
		invocation.Inputs = append(invocation.Inputs, input)
	}
	lazy := make([]bool, len(r.function.Spec.States))
	for i, state := range r.function.Spec.States {
		lazy[i] = state.Lazy
	}
	batch := session.NewBatch(session.BatchOptions{
		Invocation: invocation,
		TypeName:   string(r.target.Type),
		Slots:      r.state.slots(r.now),
		Lazy:       lazy,
		Limits:     runtimeLimits,
		Base:       context.Background(),
		Callers:    callers,
	})
	failed := r.function.Run(batch, memoryLoader{r.state, r.now})
	result, err := batch.Result()
	if err != nil {
		return nil, err
	}
	return result, failed
}
