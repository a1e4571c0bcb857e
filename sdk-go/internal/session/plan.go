package session

import pb "github.com/statewire/statewire/sdk-go/statewirev1"

// plan is one entry of the function table, as one stream runs it.
type plan struct {
	position    int
	inFlightMax int
	batchMax    int
	// lazy is by state index, as the table announced it.
	lazy       []bool
	eagerCount int
	// inFlight counts invocations of the entry.
	inFlight int
}

func newPlan(position int, spec *pb.FunctionSpec) *plan {
	p := &plan{
		position:    position,
		inFlightMax: int(spec.InFlightMax),
		batchMax:    int(spec.BatchMax),
		lazy:        make([]bool, len(spec.States)),
	}
	for i, state := range spec.States {
		p.lazy[i] = state.Lazy
		if !state.Lazy {
			p.eagerCount++
		}
	}
	return p
}

// listedSlots are the slots of an invocation that lists its states. It fails with STATE-1 for an
// unknown, lazy or repeated state.
func (p *plan) listedSlots(states []*pb.StateValue) ([]Slot, *Violation) {
	if len(p.lazy) == 0 && len(states) == 0 {
		return nil, nil
	}
	slots := make([]Slot, len(p.lazy))
	for i, lazy := range p.lazy {
		slots[i].Unread = lazy
	}
	for i, listed := range states {
		index := listed.State
		if int64(index) >= int64(len(p.lazy)) || p.lazy[index] || isListed(states[:i], index) {
			return nil, violated("STATE-1", "state index %d is listed, expected each eager state at most once", index)
		}
		slots[index] = Slot{Value: listed.Value, Borrowed: true}
	}
	return slots, nil
}

func isListed(states []*pb.StateValue, index uint32) bool {
	for _, listed := range states {
		if listed.State == index {
			return true
		}
	}
	return false
}

// leasedSlots are held eager states, with the lazy ones to be read anew. It takes the slots over.
func (p *plan) leasedSlots(held []Slot) []Slot {
	for i, lazy := range p.lazy {
		if lazy {
			held[i] = Slot{Unread: true}
		}
	}
	return held
}

// unreadSlots are slots of which nothing is known yet.
func (p *plan) unreadSlots() []Slot {
	slots := make([]Slot, len(p.lazy))
	for i := range slots {
		slots[i].Unread = true
	}
	return slots
}

// question is what a StateRequest asked for: one state, or all eager states of a missing lease.
type question struct {
	state        uint32
	leaseMissing bool
}

// validateReply fails with LAZY-3 unless the reply holds exactly what was asked for.
func (p *plan) validateReply(asked question, reply []*pb.StateValue) *Violation {
	expected := 1
	if asked.leaseMissing {
		expected = p.eagerCount
	}
	matches := len(reply) == expected
	for i, value := range reply {
		known := int64(value.State) < int64(len(p.lazy))
		if asked.leaseMissing {
			matches = matches && known && !p.lazy[value.State]
		} else {
			matches = matches && value.State == asked.state
		}
		matches = matches && !isListed(reply[:i], value.State)
	}
	if matches {
		return nil
	}
	if asked.leaseMissing {
		return violated("LAZY-3", "state reply holds %d states, expected every eager state once", len(reply))
	}
	return violated("LAZY-3", "state reply holds %d states, expected state %d once", len(reply), asked.state)
}
