package session

import "fmt"

// Violation is a clause of PROTOCOL.md that the runtime broke.
type Violation struct {
	// Clause is the clause's id without brackets, for example "INVOKE-2".
	Clause string
	// Message says what was received and what was expected. It holds no values of messages or states.
	Message string
}

func (v *Violation) Error() string { return v.Clause + ": " + v.Message }

func violated(clause, format string, args ...any) *Violation {
	return &Violation{Clause: clause, Message: fmt.Sprintf(format, args...)}
}
