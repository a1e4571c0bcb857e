package transport

import "time"

// The delays that PROTOCOL.md asks for between attempts to dial. [CLOSE-5]
const (
	delayMin = 100 * time.Millisecond
	delayMax = 30 * time.Second
	// delayAfterProtocolErrorMin: the same peer would say the same again.
	delayAfterProtocolErrorMin = 5 * time.Second
	// jitter: delays vary, so that peers that failed together do not come back together.
	jitter = 0.2
)

// backoff is how long to wait after so many failed attempts (from 1). random is between 0 and 1.
func backoff(failures int, random float64, afterProtocolError bool) time.Duration {
	growing := min(delayMax, delayMin<<min(failures-1, 20))
	least := time.Duration(0)
	if afterProtocolError {
		least = delayAfterProtocolErrorMin
	}
	varied := float64(max(least, growing)) * (1 - jitter + 2*jitter*random)
	return max(least, time.Duration(varied))
}
