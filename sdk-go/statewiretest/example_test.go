package statewiretest_test

import (
	"fmt"
	"testing"
	"time"

	statewire "github.com/statewire/statewire/sdk-go"
	"github.com/statewire/statewire/sdk-go/statewiretest"
)

// What one message does.
func ExampleRun() {
	t := &testing.T{} // A test has its own.
	outcome := statewiretest.Run(t, cart, checkoutType.Of(checkout{Card: "4711"}),
		statewiretest.WithState(items, []string{"tea"}))
	fmt.Println(statewiretest.Records(outcome, receipts), outcome.Sends[0].Target)
	// Output: [[tea]] shop/loyalty/4711
}

// Time passes when the test says so.
func ExampleApp() {
	t := &testing.T{} // A test has its own.
	app := statewiretest.NewApp(t, statewiretest.Options{}, cart, loyalty)
	app.Send(cartType.At("bob"), addItemType.Of(addItem{Item: "salt"}))
	app.Advance(23 * time.Hour)
	kept, _ := statewiretest.StateOf(app, cartType.At("bob"), items)
	app.Advance(time.Hour)
	_, found := statewiretest.StateOf(app, cartType.At("bob"), items)
	fmt.Println(kept, found)
	// Output: [salt] false
}

// A call is answered with the reply.
func ExampleApp_Call() {
	t := &testing.T{} // A test has its own.
	app := statewiretest.NewApp(t, statewiretest.Options{}, loyalty)
	reply, err := app.Call(loyaltyType.At("4711"), statewire.Int.Of(3))
	points, _ := statewire.Long.From(reply)
	fmt.Println(points, err)
	// Output: 3 <nil>
}
