package main

import (
	"time"

	statewire "github.com/statewire/statewire/sdk-go"
)

// fraudsExpire: a confirmed fraud is forgotten this long after the account's last one.
const fraudsExpire = 4 * time.Second

var (
	frauds = statewire.NewState("frauds", statewire.Int, statewire.ExpireAfterWrite(fraudsExpire))
	risk   = statewire.NewState("risk", statewire.Int)
)

// counter keeps the frauds of one account, and forgets them after a time.
var counter = statewire.Function{
	Type:   counterType,
	States: statewire.States{frauds},
	Handlers: statewire.Handlers{
		statewire.On(confirmedFraud, countFraud),
		statewire.On(question, answerFrauds),
	},
}

// merchant knows how risky one merchant is: looked up once, then known.
var merchant = statewire.Function{
	Type:     merchantType,
	States:   statewire.States{risk},
	Handlers: statewire.Handlers{statewire.On(question, answerRisk)},
}

func countFraud(ctx *statewire.Context, _ nothing) error {
	count, err := frauds.Get(ctx)
	if err != nil {
		return err
	}
	frauds.Set(ctx, count+1)
	return nil
}

func answerFrauds(ctx *statewire.Context, _ nothing) error {
	count, err := frauds.Get(ctx)
	if err != nil {
		return err
	}
	if caller, ok := ctx.Caller(); ok {
		ctx.Send(transactionType.At(caller.ID), fraudCount.Of(count))
	}
	return nil
}

func answerRisk(ctx *statewire.Context, _ nothing) error {
	known, found, err := risk.Lookup(ctx)
	if err != nil {
		return err
	}
	if !found {
		known = riskOf(ctx.Self().ID)
		risk.Set(ctx, known)
	}
	if caller, ok := ctx.Caller(); ok {
		ctx.Send(transactionType.At(caller.ID), merchantRisk.Of(known))
	}
	return nil
}

// riskOf is how risky a merchant is: 0 to 99, always the same for one name, and the same as in
// ../src/model.ts.
func riskOf(merchant string) int32 {
	hash := uint32(2166136261)
	for _, character := range merchant {
		hash = (hash ^ uint32(character)) * 16777619
	}
	return int32(hash % 100)
}
