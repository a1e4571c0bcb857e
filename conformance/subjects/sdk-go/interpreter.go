package main

import (
	"errors"
	"fmt"
	"time"

	statewire "github.com/statewire/statewire/sdk-go"
)

const interpreterType statewire.TypeName = "conformance/interpreter"

var (
	bytes       = statewire.Bytes("conformance/bytes")
	commands    = statewire.JSON[[]command]("conformance/commands")
	observation = statewire.NewEgress("conformance/out", statewire.JSON[any]("conformance/observation"))

	value  = statewire.NewState("value", bytes)
	states = map[string]*statewire.State[[]byte]{
		"value":    value,
		"other":    statewire.NewState("other", bytes),
		"expiring": statewire.NewState("expiring", bytes, statewire.ExpireAfterWrite(time.Minute)),
		"lazy":     statewire.NewState("lazy", bytes, statewire.Lazy()),
	}

	interpreter = statewire.Function{
		Type:     interpreterType,
		States:   statewire.States{value, states["other"], states["expiring"], states["lazy"]},
		Handlers: statewire.Handlers{statewire.On(commands, interpret)},
	}
	limited = statewire.Function{
		Type:        "conformance/limited",
		States:      statewire.States{value},
		Handlers:    statewire.Handlers{statewire.On(commands, interpret)},
		InFlightMax: 2,
		BatchMax:    3,
	}
	anyType = statewire.Function{
		Type:     "conformance.any/*",
		States:   statewire.States{value},
		Handlers: statewire.Handlers{statewire.On(commands, interpret)},
	}
)

func interpret(ctx *statewire.Context, list []command) error {
	for _, command := range list {
		if err := run(ctx, command); err != nil {
			return err
		}
	}
	return nil
}

func run(ctx *statewire.Context, c command) error {
	switch c.Op {
	case "set", "clear", "get":
		return access(ctx, c)
	case "self":
		observe(ctx, "self", ctx.Self().String())
	case "caller":
		if caller, ok := ctx.Caller(); ok {
			observe(ctx, "caller", caller.String())
		} else {
			observe(ctx, "caller", nil)
		}
	case "wantsReply":
		observe(ctx, "wantsReply", ctx.WantsReply())
	case "reply":
		ctx.Reply(c.typed())
	case "fail":
		return deliberate(c)
	case "throw":
		panic(c.Message)
	case "sleep":
		select {
		case <-time.After(time.Duration(c.Ms) * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	default:
		return send(ctx, c)
	}
	return nil
}

func access(ctx *statewire.Context, c command) error {
	state := states[c.State]
	switch c.Op {
	case "set":
		state.Set(ctx, c.bytes())
	case "clear":
		state.Clear(ctx)
	case "get":
		found, ok, err := state.Lookup(ctx)
		if err != nil {
			return err
		}
		observed := map[string]any{"get": c.State, "text": nil}
		if ok {
			observed["text"] = string(found)
		}
		observation.Send(ctx, observed)
	}
	return nil
}

func send(ctx *statewire.Context, c command) error {
	switch c.Op {
	case "send":
		times := 1
		if c.Times != nil {
			times = *c.Times
		}
		for range times {
			ctx.Send(c.address(ctx), c.typed())
		}
	case "sendAfter":
		var options []statewire.SendOption
		if c.Token != "" {
			options = append(options, statewire.WithToken(c.Token))
		}
		ctx.SendAfter(time.Duration(c.DelayMs)*time.Millisecond, c.address(ctx), c.typed(), options...)
	case "cancel":
		ctx.Cancel(c.Token)
	case "egress":
		if c.Egress == "" {
			c.Egress = observation.Name()
		}
		ctx.SendEgress(c.Egress, c.typed())
	default:
		return fmt.Errorf("unknown command %s", c.Op)
	}
	return nil
}

func deliberate(c command) error {
	return &statewire.Failure{
		Err:        errors.New(c.Message),
		Permanent:  c.Retryable != nil && !*c.Retryable,
		RetryAfter: time.Duration(c.RetryAfterMs) * time.Millisecond,
	}
}

func observe(ctx *statewire.Context, what string, seen any) {
	observation.Send(ctx, map[string]any{what: seen})
}
