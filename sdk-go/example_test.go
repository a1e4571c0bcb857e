package statewire_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	statewire "github.com/statewire/statewire/sdk-go"
	"github.com/statewire/statewire/sdk-go/statewiretest"
)

// A counter with one state, called and told.
func ExampleFunction() {
	count := statewire.NewState("count", statewire.Int)
	counter := statewire.Function{
		Type:   "shop/counter",
		States: statewire.States{count},
		Handlers: statewire.Handlers{
			statewire.On(statewire.Int, func(ctx *statewire.Context, amount int32) error {
				n, err := count.Get(ctx)
				if err != nil {
					return err
				}
				count.Set(ctx, n+amount)
				ctx.Reply(statewire.Int.Of(n + amount))
				return nil
			}),
		},
	}
	t := &testing.T{} // A test has its own.
	outcome := statewiretest.Run(t, counter, statewire.Int.Of(2), statewiretest.WithState(count, 40))
	after, _ := statewiretest.StateAfter(outcome, count)
	reply, _ := statewire.Int.From(*outcome.Reply)
	fmt.Println(after, reply)
	// Output: 42 42
}

// Functions are served until a signal comes, and drain.
func ExampleServe() {
	echo := statewire.Function{
		Type: "shop/echo",
		Handlers: statewire.Handlers{statewire.OnAny(func(ctx *statewire.Context, message statewire.TypedValue) error {
			ctx.Reply(message)
			return nil
		})},
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	time.AfterFunc(time.Millisecond, stop) // Instead of a signal.
	fmt.Println(statewire.Serve(ctx, statewire.Options{Address: "127.0.0.1:0"}, echo))
	// Output: <nil>
}

// A message type is a Go type with a name.
func ExampleJSON() {
	type AddItem struct {
		Item string `json:"item"`
	}
	addItem := statewire.JSON[AddItem]("shop/add-item")
	message := addItem.Of(AddItem{Item: "tea"})
	fmt.Println(message.Typename, string(message.Bytes))
	// Output: shop/add-item {"item":"tea"}
}

// Handlers say what is to happen to a message that failed.
func ExamplePermanent() {
	err := statewire.Permanent(errors.New("no such account"))
	var failure *statewire.Failure
	fmt.Println(errors.As(fmt.Errorf("transfer: %w", err), &failure), failure.Permanent)
	// Output: true true
}

// A long value is fetched only where it is needed.
func ExampleLazy() {
	pages := statewire.NewState("pages", statewire.JSON[[]string]("office/pages"), statewire.Lazy(),
		statewire.ExpireAfterWrite(24*time.Hour))
	fmt.Println(pages.Name(), pages.Type().Typename())
	// Output: pages office/pages
}

// An address is a function type and an id.
func ExampleTypeName_At() {
	const Cart statewire.TypeName = "shop/cart"
	fmt.Println(Cart.At("alice"))
	// Output: shop/cart/alice
}
