package transport

import (
	"testing"
	"time"
)

func TestBackoffGrowsVariesAndEnds(t *testing.T) {
	for _, test := range []struct {
		failures      int
		random        float64
		afterProtocol bool
		expected      time.Duration
	}{
		{1, 0.5, false, 100 * time.Millisecond},
		{1, 0, false, 80 * time.Millisecond},
		{1, 1, false, 120 * time.Millisecond},
		{4, 0.5, false, 800 * time.Millisecond},
		{1000, 0.5, false, 30 * time.Second},
		{1, 0, true, 5 * time.Second},
		{1, 1, true, 6 * time.Second},
		{1000, 0.5, true, 30 * time.Second},
	} {
		got := backoff(test.failures, test.random, test.afterProtocol).Round(time.Microsecond)
		if got != test.expected {
			t.Errorf("after %d failures, random %v: %v, expected %v", test.failures, test.random, got, test.expected)
		}
	}
}
