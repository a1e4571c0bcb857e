package session

import "slices"

// stateSet is a set of state indexes. Most functions have few, so most sets are a word.
type stateSet struct {
	low uint64
	// high is nil until one of those beyond the word is in the set.
	high *[]bool
}

const lowStates = 64

func (s *stateSet) has(state int) bool {
	if state < lowStates {
		return s.low&(1<<state) != 0
	}
	return s.high != nil && (*s.high)[state-lowStates]
}

// add adds a state of so many.
func (s *stateSet) add(state, states int) {
	if state < lowStates {
		s.low |= 1 << state
		return
	}
	if s.high == nil {
		high := make([]bool, states-lowStates)
		s.high = &high
	}
	(*s.high)[state-lowStates] = true
}

func (s *stateSet) isEmpty() bool { return s.low == 0 && s.high == nil }

func (s *stateSet) clone() stateSet {
	copied := stateSet{low: s.low}
	if s.high != nil {
		high := slices.Clone(*s.high)
		copied.high = &high
	}
	return copied
}
