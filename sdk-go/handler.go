package statewire

// Handler handles the messages of one type, or of all that have no handler of their own.
type Handler struct {
	// typename is empty for a handler of any type.
	typename string
	handle   func(*Context, TypedValue) error
}

// Handlers are the handlers of a function, at most one for each typename.
type Handlers []Handler

// On handles messages of one type. A message that does not decode fails with CODE_BAD_INPUT, which is
// not retried, and the handler does not see it.
//
// The function may run for several instances at once, never twice at a time for one. It should return
// when ctx is done.
func On[T any](kind Type[T], handle func(ctx *Context, message T) error) Handler {
	return Handler{typename: kind.Typename(), handle: func(ctx *Context, raw TypedValue) error {
		message, err := kind.From(raw)
		if err != nil {
			return err
		}
		return handle(ctx, message)
	}}
}

// OnAny handles every message that no other handler of the function takes, as it came.
func OnAny(handle func(ctx *Context, message TypedValue) error) Handler {
	return Handler{handle: handle}
}
