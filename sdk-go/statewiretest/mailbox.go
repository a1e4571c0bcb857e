package statewiretest

import (
	"time"

	statewire "github.com/statewire/statewire/sdk-go"
	"github.com/statewire/statewire/sdk-go/internal/local"
)

// mailbox is one address of a test: its state, the messages that wait, and whether it can run.
//
//	idle --push--> ready --takeBatch--> running --release--> idle or ready
//	                                    running --failed--> blocked --unblock--> ready
type mailbox struct {
	address  statewire.Address
	function local.Function
	state    *memoryState
	waiting  []*message
	// attempt counts failed attempts at the first message.
	attempt       int
	firstFailedAt time.Duration
	// isSingle: the first message goes alone: a later one may be at fault. [RESULT-11]
	isSingle  bool
	isRunning bool
}

// takeBatch is everything that waits, within the function's BatchMax; a message that failed comes alone.
func (m *mailbox) takeBatch() []*message {
	m.isRunning = true
	count := len(m.waiting)
	if most := int(m.function.Spec.BatchMax); most > 0 {
		count = min(count, most)
	}
	if m.attempt > 0 || m.isSingle {
		count = 1
	}
	batch := m.waiting[:count:count]
	m.waiting = m.waiting[count:]
	return batch
}

// takeFirst removes the first message, and its failed attempts.
func (m *mailbox) takeFirst() *message {
	m.attempt = 0
	if len(m.waiting) == 0 {
		return nil
	}
	first := m.waiting[0]
	m.waiting = m.waiting[1:]
	return first
}

// putBack returns messages to the front, the first of them with its failed attempts.
func (m *mailbox) putBack(messages []*message, attempt int) {
	m.waiting = append(append([]*message(nil), messages...), m.waiting...)
	m.attempt = attempt
}

// mailboxes are all addresses of a test, and those that can run, in the order in which they could.
type mailboxes struct {
	functions map[string]local.Function
	byAddress map[statewire.Address]*mailbox
	ready     []*mailbox
}

func newMailboxes(functions []local.Function) *mailboxes {
	boxes := &mailboxes{
		functions: make(map[string]local.Function),
		byAddress: make(map[statewire.Address]*mailbox),
	}
	for _, function := range functions {
		boxes.functions[function.Spec.TypeName] = function
	}
	return boxes
}

// open is the mailbox of an address; nil when no function serves it.
func (m *mailboxes) open(address statewire.Address) *mailbox {
	if box := m.byAddress[address]; box != nil {
		return box
	}
	function, ok := m.functions[string(address.Type)]
	if !ok {
		function, ok = m.functions[address.Type.Namespace()+"/*"]
	}
	if !ok {
		return nil
	}
	box := &mailbox{address: address, function: function, state: newMemoryState(function.Spec)}
	m.byAddress[address] = box
	return box
}

func (m *mailboxes) push(box *mailbox, added *message) {
	box.waiting = append(box.waiting, added)
	if !box.isRunning && len(box.waiting) == 1 {
		m.ready = append(m.ready, box)
	}
}

func (m *mailboxes) takeReady() *mailbox {
	if len(m.ready) == 0 {
		return nil
	}
	box := m.ready[0]
	m.ready = m.ready[1:]
	return box
}

// release: the batch succeeded. The mailbox waits for messages, or is ready for the next ones.
func (m *mailboxes) release(box *mailbox) {
	box.attempt = 0
	box.isSingle = false
	m.unblock(box)
}

// unblock: the mailbox may run again.
func (m *mailboxes) unblock(box *mailbox) {
	box.isRunning = false
	if len(box.waiting) > 0 {
		m.ready = append(m.ready, box)
	}
}
