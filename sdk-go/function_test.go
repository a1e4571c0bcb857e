package statewire_test

import (
	"context"
	"strings"
	"testing"
	"time"

	statewire "github.com/statewire/statewire/sdk-go"
)

func ignore(*statewire.Context, statewire.TypedValue) error { return nil }

func TestDeclarationsThatCannotBeServedAreRefused(t *testing.T) {
	handlers := statewire.Handlers{statewire.OnAny(ignore)}
	count := statewire.NewState("count", statewire.Int)
	options := statewire.Options{Address: "127.0.0.1:0"}
	good := statewire.Function{Type: "shop/cart", Handlers: handlers}
	for _, test := range []struct {
		expected  string
		options   statewire.Options
		functions []statewire.Function
	}{
		{"no functions", options, nil},
		{"neither Options.Address nor Options.AttachTo", statewire.Options{}, []statewire.Function{good}},
		{"Options.InFlightMax -1", statewire.Options{Address: ":0", InFlightMax: -1}, []statewire.Function{good}},
		{"declared twice", options, []statewire.Function{good, good}},
		{"no handlers", options, []statewire.Function{{Type: "shop/cart"}}},
		{"not a namespace/type", options, []statewire.Function{{Type: "cart", Handlers: handlers}}},
		{"not a namespace/type", options, []statewire.Function{{Type: "*/*", Handlers: handlers}}},
		{"two handlers", options, []statewire.Function{{Type: "shop/cart", Handlers: append(handlers, handlers...)}}},
		{"use On or OnAny", options, []statewire.Function{{Type: "shop/cart", Handlers: statewire.Handlers{{}}}}},
		{"state count is declared twice", options, []statewire.Function{
			{Type: "shop/cart", Handlers: handlers, States: statewire.States{count, count}}}},
		{"expires after 1µs", options, []statewire.Function{{Type: "shop/cart", Handlers: handlers, States: statewire.States{
			statewire.NewState("x", statewire.Int, statewire.ExpireAfterWrite(time.Microsecond))}}}},
		{"state name of 0 bytes", options, []statewire.Function{{Type: "shop/cart", Handlers: handlers,
			States: statewire.States{statewire.NewState("", statewire.Int)}}}},
		{"address", statewire.Options{Address: "no port"}, []statewire.Function{good}},
	} {
		server, err := statewire.Start(context.Background(), test.options, test.functions...)
		if err == nil {
			_ = server.Shutdown(context.Background())
		}
		if err == nil || !strings.Contains(err.Error(), test.expected) {
			t.Errorf("%v, expected %q", err, test.expected)
		}
	}
}
