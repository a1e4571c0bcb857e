package main

import (
	"time"

	statewire "github.com/statewire/statewire/sdk-go"
)

// What travels between the functions, whatever language they are in: see ../src/messages.ts.

type flight struct {
	Date        string `json:"date"`
	Delay       int    `json:"delay"`
	Distance    int    `json:"distance"`
	Origin      string `json:"origin"`
	Destination string `json:"destination"`
}

type arrival struct {
	Delay int `json:"delay"`
}

type nothing struct{}

// tally is what is counted about the flights of a route, in minutes.
type tally struct {
	Flights      int `json:"flights"`
	DelayMinutes int `json:"delayMinutes"`
	LateFlights  int `json:"lateFlights"`
	WorstMinutes int `json:"worstMinutes"`
}

const airport statewire.TypeName = "flights/airport"

var (
	flightType       = statewire.JSON[flight]("flights/flight")
	arrivalType      = statewire.JSON[arrival]("flights/arrival")
	confirmationType = statewire.JSON[nothing]("flights/confirmation")
	overdueType      = statewire.JSON[nothing]("flights/overdue")
	alerts           = statewire.NewEgress("flights/alerts", flightType)
)

const (
	// The airlines' own measure of late, in minutes.
	lateMinutes = 15
	// From here on a delay raises an alert, in minutes.
	alertMinutes = 120
	// How long the first of the unconfirmed flights may stay so. Far longer than the demo runs.
	overdueAfter = time.Hour
	overdueToken = "overdue"
)

var (
	flights = statewire.NewState("flights", statewire.JSON[tally]("flights/tally"))
	// Flights that the destination has not confirmed yet.
	airborne  = statewire.NewState("airborne", statewire.Int)
	confirmed = statewire.NewState("confirmed", statewire.Int)
	// How often the destination was silent for too long.
	overdue = statewire.NewState("overdue", statewire.Int)
)

// route is a pair of airports; its id is "ORIGIN-DESTINATION". It tells the destination of every flight
// and waits for the confirmation: a watch runs while flights are unconfirmed.
var route = statewire.Function{
	Type:   "flights/route",
	States: statewire.States{flights, airborne, confirmed, overdue},
	Handlers: statewire.Handlers{
		statewire.On(flightType, depart),
		statewire.On(confirmationType, confirm),
		statewire.On(overdueType, func(ctx *statewire.Context, _ nothing) error {
			_, err := add(ctx, overdue, 1)
			return err
		}),
	},
}

func depart(ctx *statewire.Context, departed flight) error {
	counted, isCounted, err := flights.Lookup(ctx)
	if err != nil {
		return err
	}
	if !isCounted {
		counted.WorstMinutes = departed.Delay
	}
	flights.Set(ctx, counted.add(departed.Delay))
	waiting, err := add(ctx, airborne, 1)
	if err != nil {
		return err
	}
	if waiting == 1 {
		ctx.SendAfter(overdueAfter, ctx.Self(), overdueType.Of(nothing{}), statewire.WithToken(overdueToken))
	}
	ctx.Send(airport.At(departed.Destination), arrivalType.Of(arrival{departed.Delay}))
	if departed.Delay >= alertMinutes {
		alerts.Send(ctx, departed)
	}
	return nil
}

func confirm(ctx *statewire.Context, _ nothing) error {
	waiting, err := add(ctx, airborne, -1)
	if err != nil {
		return err
	}
	if _, err := add(ctx, confirmed, 1); err != nil {
		return err
	}
	if waiting == 0 {
		ctx.Cancel(overdueToken)
	}
	return nil
}

// add changes a counter and returns what it comes to.
func add(ctx *statewire.Context, counter *statewire.State[int32], change int32) (int32, error) {
	count, err := counter.Get(ctx)
	if err != nil {
		return 0, err
	}
	counter.Set(ctx, count+change)
	return count + change, nil
}

// add is the tally with one more flight.
func (t tally) add(delay int) tally {
	t.Flights++
	t.DelayMinutes += delay
	t.WorstMinutes = max(t.WorstMinutes, delay)
	if delay >= lateMinutes {
		t.LateFlights++
	}
	return t
}
