package phone

import "time"

// backoff counts attempts and says how long to wait before the next. It keeps no time itself.
type backoff struct {
	first, cap, slow time.Duration
	// random gives [0,1): many boxes that lost the same server must not come back in step.
	random func() float64
	tries  int
}

// maxRetryAfter bounds what a server may ask for: a box in a cupboard cannot be told to try again next year.
const maxRetryAfter = 10 * time.Minute

// next is the wait before the next attempt: first, doubled with each try up to cap, and a fifth more or less; at least
// slow if a person is needed anyway; at least what the server asked for (Retry-After, RFC 3261 section 20.33).
func (b *backoff) next(slow bool, retryAfter time.Duration) time.Duration {
	d := b.cap
	if shift := min(b.tries, 30); b.first<<shift < b.cap && b.first<<shift > 0 {
		d = b.first << shift
	}
	b.tries++
	if slow {
		d = max(d, b.slow)
	}
	d = time.Duration(float64(d) * (0.8 + 0.4*b.random()))
	return max(d, min(retryAfter, maxRetryAfter))
}

// reset is called when a call has lasted.
func (b *backoff) reset() { b.tries = 0 }
