package statewiretest

import (
	"math"
	"time"

	"github.com/statewire/statewire/sdk-go/internal/session"
	pb "github.com/statewire/statewire/sdk-go/statewirev1"
)

// memoryState holds the states of one address, with their expiry in virtual time. Expiry is decided
// when an invocation starts, as the runtime does: a value that expires while it runs stays valid for it.
type memoryState struct {
	specs  []*pb.StateSpec
	stored map[uint32]storedValue
}

type storedValue struct {
	bytes     []byte
	expiresAt time.Duration
}

func newMemoryState(spec *pb.FunctionSpec) *memoryState {
	return &memoryState{specs: spec.States, stored: make(map[uint32]storedValue)}
}

// slots are what an invocation that starts now is given: eager states, lazy ones unread.
func (m *memoryState) slots(now time.Duration) []session.Slot {
	slots := make([]session.Slot, len(m.specs))
	for i, spec := range m.specs {
		if spec.Lazy {
			slots[i].Unread = true
		} else {
			slots[i].Value = m.read(uint32(i), now)
		}
	}
	return slots
}

// read is nil when there is no value.
func (m *memoryState) read(index uint32, now time.Duration) []byte {
	stored, ok := m.stored[index]
	if !ok || stored.expiresAt <= now {
		return nil
	}
	return stored.bytes
}

// apply takes what an invocation changed, and renews what an invocation renews.
func (m *memoryState) apply(changes []*pb.StateValue, now time.Duration) {
	for i, spec := range m.specs {
		value := m.read(uint32(i), now)
		if spec.GetExpiration().GetMode() == pb.Expiration_MODE_AFTER_INVOCATION || value == nil {
			m.write(uint32(i), value, now)
		}
	}
	for _, change := range changes {
		m.write(change.State, change.Value, now)
	}
}

// write sets a state; nil deletes it.
func (m *memoryState) write(index uint32, value []byte, now time.Duration) {
	if value == nil {
		delete(m.stored, index)
		return
	}
	expiresAt := time.Duration(math.MaxInt64)
	if expiration := m.specs[index].Expiration; expiration != nil {
		expiresAt = now + time.Duration(expiration.DurationMs)*time.Millisecond
	}
	m.stored[index] = storedValue{value, expiresAt}
}

// indexOf finds a state by its name.
func (m *memoryState) indexOf(name string) (uint32, bool) {
	for i, spec := range m.specs {
		if spec.Name == name {
			return uint32(i), true
		}
	}
	return 0, false
}

// LoadState answers what a running batch asks for; now is when it started.
type memoryLoader struct {
	state *memoryState
	now   time.Duration
}

func (l memoryLoader) LoadState(batch *session.Batch, state int) error {
	index := uint32(state)
	batch.LoadStates([]*pb.StateValue{{State: index, Value: l.state.read(index, l.now)}})
	return nil
}
