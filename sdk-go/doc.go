// Package statewire is for stateful functions in Go, for the Statewire runtime. A function is a set of
// handlers with declared state. The runtime keeps the state and carries the messages, and applies what
// a handler did exactly once.
//
//	var count = statewire.NewState("count", statewire.Int)
//
//	var counter = statewire.Function{
//		Type:   "shop/counter",
//		States: statewire.States{count},
//		Handlers: statewire.Handlers{
//			statewire.On(statewire.Int, func(ctx *statewire.Context, amount int32) error {
//				n, err := count.Get(ctx)
//				if err != nil {
//					return err
//				}
//				count.Set(ctx, n+amount)
//				ctx.Reply(statewire.Int.Of(n + amount))
//				return nil
//			}),
//		},
//	}
//
// [Serve] serves functions until its context is done. Package statewiretest runs them without a server.
//
// # Effects
//
// What a handler does by its [Context] (writing state, sending, scheduling, publishing, replying) is
// collected, and takes effect when the handler has returned nil: all of it, exactly once. These methods
// return no error. What cannot be encoded, is no address, or passes a limit of the runtime fails the
// message as if the handler had returned that error; [Context.Failed] tells before.
//
// # Failures
//
// When a handler returns an error or panics, nothing that it did for that message takes effect; what was
// done for earlier messages stays. The runtime tries the message again, later and later. [Permanent],
// [RetryAfter] and [Failure] say more. Other addresses are not affected.
//
// A handler can run more than once for a message, when a process or a connection is lost. Its effects
// still count once; only what it does to other systems happens again. Its context is done when the
// outcome can no longer count.
package statewire
