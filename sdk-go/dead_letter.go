package statewire

// DeadLetter is a message that a runtime gave up and sent to a dead letter egress: all that it takes to
// understand what went wrong and to send the message again.
type DeadLetter struct {
	// Function is the function that the message was for, "namespace/type".
	Function string `json:"function"`
	ID       string `json:"id"`
	// Caller is who sent it; nil: an ingress.
	Caller   *DeadLetterCaller `json:"caller"`
	Typename string            `json:"typename"`
	// Base64 is the value's bytes; nil: it has none.
	Base64      *string `json:"base64,omitempty"`
	Traceparent string  `json:"traceparent,omitempty"`
	// Code is that of the failure: "function", "badInput", "badState", "timeout", "badResult",
	// "streamLost"...
	Code string `json:"code"`
	// Error is for people.
	Error string `json:"error"`
	// Attempts are those that failed.
	Attempts uint64 `json:"attempts"`
	// FirstFailedAtMs and LastFailedAtMs are milliseconds since the Unix epoch.
	FirstFailedAtMs uint64 `json:"firstFailedAtMs"`
	LastFailedAtMs  uint64 `json:"lastFailedAtMs"`
}

// DeadLetterCaller is the instance that sent a message.
type DeadLetterCaller struct {
	// Function is "namespace/type".
	Function string `json:"function"`
	ID       string `json:"id"`
}

// DeadLetterType is the type of the records of a dead letter egress.
var DeadLetterType = JSON[DeadLetter]("statewire/DeadLetter")
