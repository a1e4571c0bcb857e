package main

import statewire "github.com/statewire/statewire/sdk-go"

const (
	counterType     statewire.TypeName = "fraud/counter"
	merchantType    statewire.TypeName = "fraud/merchant"
	transactionType statewire.TypeName = "fraud/transaction"
)

// nothing is a message that says all by its type.
type nothing struct{}

var (
	// confirmedFraud comes from outside to a counter, whose id is the account: it had a fraud.
	confirmedFraud = statewire.JSON[nothing]("fraud/confirmed-fraud")
	// question comes from a transaction to a counter and a merchant, which answer whoever asks.
	question = statewire.JSON[nothing]("fraud/question")

	// The answers that a transaction waits for: StateFun's int under names of their own.
	fraudCount   = statewire.NewType("fraud/fraud-count", statewire.Int.Encode, statewire.Int.Decode)
	merchantRisk = statewire.NewType("fraud/merchant-risk", statewire.Int.Encode, statewire.Int.Decode)
)
