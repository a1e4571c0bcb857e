package session

import (
	"time"

	pb "github.com/statewire/statewire/sdk-go/statewirev1"
)

// admitAll takes an InvocationBatch in. One violation admits nothing of it.
func (s *Session) admitAll(frame *pb.InvocationBatch, now time.Duration) (Outcome, *Violation) {
	if s.runtimeDrains && len(frame.Invocations) > 0 {
		return Outcome{}, violated("DRAIN-1", "invocations after Drain")
	}
	if violation := s.addCredit(frame.ResultCreditBytes); violation != nil {
		return Outcome{}, violation
	}
	for _, definition := range frame.Types {
		if violation := s.open.types.define(definition); violation != nil {
			return Outcome{}, violation
		}
	}
	outcome := Outcome{Run: make([]*Batch, 0, len(frame.Invocations))}
	for _, invocation := range frame.Invocations {
		if violation := s.admit(invocation, now, &outcome); violation != nil {
			return Outcome{}, violation
		}
	}
	return outcome, nil
}

func (s *Session) admit(invocation *pb.Invocation, now time.Duration, outcome *Outcome) *Violation {
	if violation := s.validateNumbers(invocation); violation != nil {
		return violation
	}
	s.lastInvocationID = invocation.InvocationId
	typeName, position := s.open.types.lookup(invocation.Type)
	if position < 0 {
		return violated("INVOKE-9", "invocation %d has type index %d, which no table entry serves",
			invocation.InvocationId, invocation.Type)
	}
	plan := s.open.plans[position]
	payload, violation := s.validateInvocation(invocation, plan)
	if violation != nil {
		return violation
	}
	entry := s.open.book.open(addressKey{invocation.Type, invocation.Id})
	if violation := s.replaceRunning(entry); violation != nil {
		return violation
	}
	if violation := s.validateWindow(plan, now); violation != nil {
		return violation
	}
	held, isHeld := s.open.book.takeLease(entry, invocation.Lease)
	slots, violation := initialSlots(plan, invocation, held, isHeld)
	if violation != nil {
		return violation
	}
	batch := NewBatch(BatchOptions{
		Invocation: invocation,
		TypeName:   typeName,
		Function:   position,
		Slots:      slots,
		Lazy:       plan.lazy,
		Limits:     s.open.limits,
		Base:       s.base,
	})
	batch.types = s.open.types
	batch.flight = flight{
		isInFlight: true, leavesLease: !invocation.NoLease,
		entry: entry, plan: plan, payload: payload, received: now,
	}
	if batch.Timeout != 0 {
		batch.flight.deadline = now + batch.Timeout
		batch.flight.origin = &s.origin
	}
	s.add(batch)
	if invocation.Lease != 0 && !isHeld {
		asked := question{leaseMissing: true}
		batch.flight.questions = append(batch.flight.questions, pendingQuestion{question: asked})
		outcome.Frames = append(outcome.Frames, stateRequest(invocation.InvocationId, asked))
	} else {
		outcome.Run = append(outcome.Run, batch)
	}
	return nil
}

func initialSlots(plan *plan, invocation *pb.Invocation, held []Slot, isHeld bool) ([]Slot, *Violation) {
	switch {
	case invocation.Lease == 0:
		return plan.listedSlots(invocation.States)
	case isHeld:
		return plan.leasedSlots(held), nil
	default:
		return plan.unreadSlots(), nil
	}
}

func (s *Session) add(batch *Batch) {
	batch.flight.entry.running = batch
	batch.flight.plan.inFlight++
	s.payloadInFlight += batch.flight.payload
	s.batches[batch.InvocationID] = batch
}

// replaceRunning gives up what the address still runs, if its invocation had a time limit: the runtime
// may be the first to see the time pass. [INVOKE-10] Without one: [INVOKE-2].
func (s *Session) replaceRunning(entry *addressEntry) *Violation {
	older := entry.running
	if older == nil {
		return nil
	}
	if older.Timeout == 0 {
		return violated("INVOKE-2", "invocation of an address whose invocation %d is in flight", older.InvocationID)
	}
	s.remove(older)
	older.abandon(ErrGivenUp)
	entry.running = nil
	return nil
}

func (s *Session) validateNumbers(invocation *pb.Invocation) *Violation {
	if invocation.InvocationId <= s.lastInvocationID {
		return violated("INVOKE-3", "invocation id %d after %d", invocation.InvocationId, s.lastInvocationID)
	}
	if invocation.InvocationId > integerMax || invocation.Lease > integerMax || invocation.TimeoutMs > integerMax {
		return violated("LIMIT-7", "invocation %d has a number that is more than 2^53 - 1", invocation.InvocationId)
	}
	return nil
}

// validateInvocation checks what can be checked of an invocation alone, and counts its payload bytes.
// Its states are checked where they are read.
func (s *Session) validateInvocation(invocation *pb.Invocation, plan *plan) (payload int64, violation *Violation) {
	id, count := invocation.InvocationId, len(invocation.Inputs)
	if count == 0 || plan.batchMax != 0 && count > plan.batchMax {
		return 0, violated("INVOKE-4", "invocation %d has %d inputs, batch_max is %d", id, count, plan.batchMax)
	}
	limits := s.open.limits
	if len(invocation.Id) > int(limits.IdBytesMax) {
		return 0, violated("LIMIT-3", "id of %d bytes exceeds id_bytes_max %d", len(invocation.Id), limits.IdBytesMax)
	}
	for _, input := range invocation.Inputs {
		if violation := s.validateInput(id, input); violation != nil {
			return 0, violation
		}
		payload += int64(len(input.Value))
	}
	if invocation.Lease != 0 && !s.open.leases {
		return 0, violated("LEASE-4", "invocation %d names a lease", id)
	}
	if invocation.Lease != 0 && len(invocation.States) > 0 {
		return 0, violated("STATE-9", "invocation %d names a lease and lists %d states", id, len(invocation.States))
	}
	for _, state := range invocation.States {
		payload += int64(len(state.Value))
	}
	return payload, validateValues(invocation.States, limits)
}

func (s *Session) validateInput(invocationID uint64, input *pb.Input) *Violation {
	isKnown := input.CallerId == ""
	if input.CallerType != 0 {
		_, isKnown = s.open.types.callerOf(input.CallerType)
	}
	if !isKnown {
		return violated("INVOKE-5", "invocation %d has an input with caller type %d", invocationID, input.CallerType)
	}
	return validateValue(input.Value, s.open.limits)
}

func validateValues(states []*pb.StateValue, limits *pb.Limits) *Violation {
	for _, state := range states {
		if violation := validateValue(state.Value, limits); violation != nil {
			return violation
		}
	}
	return nil
}

func validateValue(value []byte, limits *pb.Limits) *Violation {
	if len(value) > int(limits.ValueBytesMax) {
		return violated("LIMIT-2", "value of %d bytes exceeds value_bytes_max %d", len(value), limits.ValueBytesMax)
	}
	return nil
}

// validateWindow holds the runtime to what it may have in flight. A runtime may give an invocation up a
// moment before this side's clock agrees, so one that has used more than half of its time does not
// count.
func (s *Session) validateWindow(plan *plan, now time.Duration) *Violation {
	planIsFull := plan.inFlightMax != 0 && plan.inFlight >= plan.inFlightMax
	countIsFull := len(s.batches) >= s.offer.InvocationsMax
	bytesAreFull := s.payloadInFlight >= s.offer.PayloadBytesMax
	if !planIsFull && !countIsFull && !bytesAreFull {
		return nil
	}
	count, ofPlan, payload := 0, 0, int64(0)
	for _, batch := range s.batches {
		flight := &batch.flight
		if flight.deadline != 0 && now-flight.received > (flight.deadline-flight.received)/2 {
			continue
		}
		count++
		payload += flight.payload
		if flight.plan == plan {
			ofPlan++
		}
	}
	switch {
	case planIsFull && ofPlan >= plan.inFlightMax:
		return violated("CREDIT-3", "more than in_flight_max %d in flight", plan.inFlightMax)
	case count >= s.offer.InvocationsMax:
		return violated("CREDIT-6", "more than %d invocations in flight", s.offer.InvocationsMax)
	case payload >= s.offer.PayloadBytesMax:
		return violated("CREDIT-7", "invocation while %d bytes are in flight, the window is %d bytes",
			payload, s.offer.PayloadBytesMax)
	}
	return nil
}
