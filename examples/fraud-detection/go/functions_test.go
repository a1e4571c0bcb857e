package main

import (
	"testing"

	statewire "github.com/statewire/statewire/sdk-go"
	"github.com/statewire/statewire/sdk-go/statewiretest"
)

func TestACounterForgetsFraudsAfterTheLastOne(t *testing.T) {
	options := statewiretest.Options{Elsewhere: []statewire.TypeName{transactionType}}
	app := statewiretest.NewApp(t, options, counter, merchant)
	alice, asking := counterType.At("alice"), transactionType.At("payment")
	for _, expected := range []int32{1, 2} {
		app.Send(alice, confirmedFraud.Of(nothing{}))
		app.Advance(fraudsExpire - 1)
		if count, _ := statewiretest.StateOf(app, alice, frauds); count != expected {
			t.Errorf("%d frauds, expected %d", count, expected)
		}
	}
	app.SendFrom(asking, alice, question.Of(nothing{}))
	app.Advance(1)
	app.SendFrom(asking, alice, question.Of(nothing{}))
	app.Settle()
	var answers []int32
	for _, sent := range app.SentTo(asking) {
		answer, err := fraudCount.From(sent.Value)
		if err != nil {
			t.Error(err)
		}
		answers = append(answers, answer)
	}
	if len(answers) != 2 || answers[0] != 2 || answers[1] != 0 {
		t.Errorf("answers %v", answers)
	}
}

func TestAMerchantLooksItsRiskUpOnce(t *testing.T) {
	asked := statewiretest.WithCaller(transactionType.At("payment"))
	first := statewiretest.Run(t, merchant, question.Of(nothing{}), statewiretest.WithID("merchant-1"), asked)
	known, _ := statewiretest.StateAfter(first, risk)
	if known != riskOf("merchant-1") || len(first.Sends) != 1 {
		t.Errorf("risk %d, sends %v", known, first.Sends)
	}
	again := statewiretest.Run(t, merchant, question.Of(nothing{}), asked, statewiretest.WithState(risk, 7))
	if answer, err := merchantRisk.From(again.Sends[0].Value); err != nil || answer != 7 || len(again.Changed) != 0 {
		t.Errorf("answer %d, %v, changed %v", answer, err, again.Changed)
	}
}
