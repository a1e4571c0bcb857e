package statewiretest_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	statewire "github.com/statewire/statewire/sdk-go"
	"github.com/statewire/statewire/sdk-go/statewiretest"
)

const day = 24 * time.Hour

const (
	cartType    statewire.TypeName = "shop/cart"
	loyaltyType statewire.TypeName = "shop/loyalty"
)

type addItem struct{ Item string }
type checkout struct{ Card string }
type forget struct{}

var (
	addItemType  = statewire.JSON[addItem]("shop/add-item")
	checkoutType = statewire.JSON[checkout]("shop/checkout")
	forgetType   = statewire.JSON[forget]("shop/forget")

	items    = statewire.NewState("items", statewire.JSON[[]string]("shop/items"))
	seen     = statewire.NewState("seen", statewire.Bool, statewire.ExpireAfterInvocation(time.Hour))
	points   = statewire.NewState("points", statewire.Long, statewire.ExpireAfterWrite(365*day))
	receipts = statewire.NewEgress("shop/receipts", statewire.JSON[[]string]("shop/receipt"))
	letters  = statewire.NewEgress("shop/letters", statewire.DeadLetterType)

	cart = statewire.Function{
		Type:   cartType,
		States: statewire.States{items, seen},
		Handlers: statewire.Handlers{
			statewire.On(addItemType, add),
			statewire.On(checkoutType, pay),
			statewire.On(forgetType, func(ctx *statewire.Context, _ forget) error {
				items.Clear(ctx)
				return nil
			}),
		},
	}
	loyalty = statewire.Function{
		Type:   loyaltyType,
		States: statewire.States{points},
		Handlers: statewire.Handlers{statewire.On(statewire.Int, func(ctx *statewire.Context, bought int32) error {
			n, err := points.Get(ctx)
			if bought < 0 {
				return errors.New("bought less than nothing")
			}
			points.Set(ctx, n+int64(bought))
			ctx.Reply(statewire.Long.Of(n + int64(bought)))
			return err
		})},
	}
)

func add(ctx *statewire.Context, message addItem) error {
	kept, err := items.Get(ctx)
	if err != nil {
		return err
	}
	seen.Set(ctx, true)
	items.Set(ctx, append(kept, message.Item))
	ctx.Cancel("forget")
	ctx.SendAfter(day, ctx.Self(), forgetType.Of(forget{}), statewire.WithToken("forget"))
	return nil
}

func pay(ctx *statewire.Context, message checkout) error {
	bought, err := items.Get(ctx)
	if err != nil {
		return err
	}
	ctx.Cancel("forget")
	receipts.Send(ctx, bought)
	ctx.Send(loyaltyType.At(message.Card), statewire.Int.Of(int32(len(bought))))
	items.Clear(ctx)
	return nil
}

func TestAnApplicationRunsInVirtualTime(t *testing.T) {
	app := statewiretest.NewApp(t, statewiretest.Options{}, cart, loyalty)
	app.Send(cartType.At("alice"), addItemType.Of(addItem{"tea"}))
	app.Send(cartType.At("alice"), checkoutType.Of(checkout{"4711"}))
	app.Send(cartType.At("bob"), addItemType.Of(addItem{"salt"}))
	app.Settle()
	if records := statewiretest.Records(app, receipts); len(records) != 1 || records[0][0] != "tea" {
		t.Errorf("receipts %v", records)
	}
	if n, _ := statewiretest.StateOf(app, loyaltyType.At("4711"), points); n != 1 {
		t.Errorf("points %d", n)
	}
	if pending := app.Delayed(); len(pending) != 1 || pending[0].Target != cartType.At("bob") {
		t.Errorf("pending %v", pending)
	}
	app.Advance(day - 1)
	if kept, _ := statewiretest.StateOf(app, cartType.At("bob"), items); len(kept) != 1 {
		t.Errorf("bob's items before their time: %v", kept)
	}
	app.Advance(1)
	if _, found := statewiretest.StateOf(app, cartType.At("bob"), items); found || app.Now() != day {
		t.Errorf("bob's items are kept at %v", app.Now())
	}
}

func TestStatesExpireInVirtualTime(t *testing.T) {
	app := statewiretest.NewApp(t, statewiretest.Options{}, cart, loyalty)
	bob, card := cartType.At("bob"), loyaltyType.At("4711")
	app.Send(bob, addItemType.Of(addItem{"salt"}))
	statewiretest.SetState(app, card, points, 7)
	app.Advance(time.Hour - 1)
	app.Send(bob, checkoutType.Of(checkout{"x"})) // Renews what expires after an invocation.
	app.Advance(time.Hour - 1)
	if _, found := statewiretest.StateOf(app, bob, seen); !found {
		t.Error("the state expired though its address was invoked")
	}
	app.Advance(1)
	if _, found := statewiretest.StateOf(app, bob, seen); found {
		t.Error("the state did not expire")
	}
	app.Advance(365*day - 2*time.Hour)
	if n, found := statewiretest.StateOf(app, card, points); !found || n != 7 {
		t.Errorf("points %d before their time", n)
	}
	app.Advance(time.Hour)
	if n, found := statewiretest.StateOf(app, card, points); found {
		t.Errorf("points %d after their time", n)
	}
}

func TestCallAnswersWithTheReplyOrTheError(t *testing.T) {
	app := statewiretest.NewApp(t, statewiretest.Options{}, loyalty)
	reply, err := app.Call(loyaltyType.At("4711"), statewire.Int.Of(3))
	if n, decodeErr := statewire.Long.From(reply); err != nil || decodeErr != nil || n != 3 {
		t.Errorf("reply %v, %v, %v", n, err, decodeErr)
	}
	if _, err := app.Call(loyaltyType.At("4711"), statewire.Int.Of(-1)); err == nil || !strings.Contains(err.Error(), "less than nothing") {
		t.Errorf("error %v", err)
	}
	if n, _ := statewiretest.StateOf(app, loyaltyType.At("4711"), points); n != 3 {
		t.Errorf("points %d", n)
	}
}

func TestMessagesAreTriedAgainAsInProduction(t *testing.T) {
	fails := 2
	var attempts []int
	flaky := statewire.Function{Type: "test/flaky", Handlers: statewire.Handlers{
		statewire.OnAny(func(ctx *statewire.Context, _ statewire.TypedValue) error {
			attempts = append(attempts, ctx.Attempt())
			if len(attempts) <= fails {
				return errors.New("not yet")
			}
			return nil
		})}}
	app := statewiretest.NewApp(t, statewiretest.Options{Retry: &statewiretest.Retry{}}, flaky)
	app.Send(flaky.Type.At("a"), statewire.Bool.Of(true))
	app.Advance(99 * time.Millisecond)
	if len(attempts) != 1 {
		t.Errorf("attempts before their time: %v", attempts)
	}
	app.Advance(201 * time.Millisecond)
	if len(attempts) != 3 || attempts[2] != 2 || len(app.Parked()) != 0 {
		t.Errorf("attempts %v, parked %v", attempts, app.Parked())
	}
}

func TestAnAddressIsParkedAndAnOperatorDecides(t *testing.T) {
	broken := true
	function := statewire.Function{Type: "test/broken", Handlers: statewire.Handlers{
		statewire.On(statewire.Int, func(ctx *statewire.Context, n int32) error {
			if broken && n == 1 {
				return statewire.Permanent(errors.New("never"))
			}
			ctx.SendEgress("test/out", statewire.Int.Of(n))
			return nil
		})}}
	out := statewire.NewEgress("test/out", statewire.Int)
	app := statewiretest.NewApp(t, statewiretest.Options{Retry: &statewiretest.Retry{}}, function)
	target := function.Type.At("a")
	app.Send(target, statewire.Int.Of(1))
	app.Send(target, statewire.Int.Of(2))
	app.Settle()
	if parked := app.Parked(); len(parked) != 1 || parked[0].Code != "function" || parked[0].Attempts != 1 {
		t.Fatalf("parked %v", parked)
	}
	if _, err := app.Call(target, statewire.Int.Of(3)); err == nil {
		t.Error("a parked address has answered")
	}
	broken = false
	app.RetryParked(target)
	app.Settle()
	if records := statewiretest.Records(app, out); len(records) != 2 || records[0] != 1 || records[1] != 2 {
		t.Errorf("records %v", records)
	}
}

func TestAMessageThatIsGivenUpBecomesADeadLetter(t *testing.T) {
	options := statewiretest.Options{Retry: &statewiretest.Retry{AttemptsMax: 2, DeadLetterEgress: letters.Name()}}
	app := statewiretest.NewApp(t, options, loyalty)
	app.SendFrom(cartType.At("bob"), loyaltyType.At("4711"), statewire.Int.Of(-1))
	app.Send(loyaltyType.At("4711"), statewire.Int.Of(5))
	app.Advance(time.Second)
	got := statewiretest.Records(app, letters)
	if len(got) != 1 || got[0].Attempts != 2 || got[0].Caller.ID != "bob" || got[0].LastFailedAtMs != 100 || *got[0].Base64 != "Df////8=" {
		t.Errorf("letters %+v", got)
	}
	if n, _ := statewiretest.StateOf(app, loyaltyType.At("4711"), points); n != 5 {
		t.Errorf("points %d: what is behind the dead letter was not handled", n)
	}
}

func TestMessagesForOtherServersAreKept(t *testing.T) {
	app := statewiretest.NewApp(t, statewiretest.Options{Elsewhere: []statewire.TypeName{"shop/*"}}, cart)
	app.Send(cartType.At("alice"), checkoutType.Of(checkout{"4711"}))
	app.Settle()
	sent := app.SentTo(loyaltyType.At("4711"))
	if len(sent) != 1 || sent[0].Caller != cartType.At("alice") {
		t.Errorf("sent %v", sent)
	}
	if n, err := statewire.Int.From(sent[0].Value); err != nil || n != 0 {
		t.Errorf("bought %d, %v", n, err)
	}
}

// probe stands in for a test that fails.
type probe struct {
	testing.TB
	failed string
}

func (p *probe) Helper() {}
func (p *probe) Fatalf(format string, args ...any) {
	p.failed = format
	panic(p)
}

// failureOf is what a test that should fail fails with.
func failureOf(t *testing.T, body func(t testing.TB)) string {
	p := &probe{TB: t}
	func() {
		defer func() { _ = recover() }()
		body(p)
	}()
	return p.failed
}

func TestATestFailsForWhatGoesWrong(t *testing.T) {
	unknown := statewire.NewState("unknown", statewire.Int)
	for what, body := range map[string]func(t testing.TB){
		"a handler that fails": func(t testing.TB) {
			app := statewiretest.NewApp(t, statewiretest.Options{}, loyalty)
			app.Send(loyaltyType.At(""), statewire.Int.Of(-1))
			app.Settle()
		},
		"a message to nobody": func(t testing.TB) {
			app := statewiretest.NewApp(t, statewiretest.Options{}, cart)
			app.Send(cartType.At("alice"), checkoutType.Of(checkout{"4711"}))
			app.Settle()
		},
		"an endless cycle": func(t testing.TB) {
			ball := statewire.Function{Type: "test/ball", Handlers: statewire.Handlers{
				statewire.OnAny(func(ctx *statewire.Context, value statewire.TypedValue) error {
					ctx.Send(ctx.Self(), value)
					return nil
				})}}
			app := statewiretest.NewApp(t, statewiretest.Options{InvocationsMax: 10}, ball)
			app.Send(ball.Type.At(""), statewire.Bool.Of(true))
			app.Settle()
		},
		"a token that is pending": func(t testing.TB) {
			twice := statewire.Function{Type: "test/twice", Handlers: statewire.Handlers{
				statewire.OnAny(func(ctx *statewire.Context, value statewire.TypedValue) error {
					ctx.SendAfter(time.Second, ctx.Self(), value, statewire.WithToken("x"))
					ctx.SendAfter(time.Second, ctx.Self(), value, statewire.WithToken("x"))
					return nil
				})}}
			app := statewiretest.NewApp(t, statewiretest.Options{}, twice)
			app.Send(twice.Type.At(""), statewire.Bool.Of(true))
			app.Settle()
		},
		"a state that is not declared": func(t testing.TB) {
			statewiretest.Run(t, loyalty, statewire.Int.Of(1), statewiretest.WithState(unknown, 1))
		},
		"functions that cannot be served": func(t testing.TB) {
			statewiretest.NewApp(t, statewiretest.Options{}, cart, cart)
		},
		"an address that is not parked": func(t testing.TB) {
			statewiretest.NewApp(t, statewiretest.Options{}, cart).DropParked(cartType.At(""))
		},
	} {
		if failureOf(t, body) == "" {
			t.Errorf("%s did not fail the test", what)
		}
	}
}

func TestARefusedBatchIsTriedMessageByMessage(t *testing.T) {
	out := statewire.NewEgress("test/out", statewire.Int)
	function := statewire.Function{Type: "test/timers", Handlers: statewire.Handlers{
		statewire.On(statewire.Int, func(ctx *statewire.Context, n int32) error {
			if n == 2 {
				ctx.SendAfter(time.Second, ctx.Self(), statewire.Int.Of(0), statewire.WithToken("x"))
				ctx.SendAfter(time.Second, ctx.Self(), statewire.Int.Of(0), statewire.WithToken("x"))
			}
			out.Send(ctx, n)
			return nil
		})}}
	app := statewiretest.NewApp(t, statewiretest.Options{Retry: &statewiretest.Retry{}}, function)
	for n := range int32(4) {
		app.Send(function.Type.At("a"), statewire.Int.Of(n))
	}
	app.Settle()
	parked := app.Parked()
	if records := statewiretest.Records(app, out); len(records) != 2 || len(parked) != 1 || parked[0].Code != "badResult" {
		t.Fatalf("records %v, parked %v", records, parked)
	}
	app.DropParked(function.Type.At("a"))
	app.Settle()
	if records := statewiretest.Records(app, out); len(records) != 3 {
		t.Errorf("records %v", records)
	}
}
