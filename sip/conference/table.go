package conference

import "github.com/emiago/sipgo/sip"

// reserve takes a place for one more call.
func (c *Conference) reserve() (status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closing:
		return sip.StatusServiceUnavailable
	case c.taken >= c.cfg.MaxLegs:
		return sip.StatusBusyHere
	}
	c.taken++
	c.calls.Add(1)
	return 0
}

// release gives a place back.
func (c *Conference) release() {
	c.mu.Lock()
	c.taken--
	c.mu.Unlock()
	c.calls.Done()
}

// remember makes the leg known to requests within its dialog, forget ends that.
func (c *Conference) remember(l *leg) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.legs[l.dialog.id()] = l
}

func (c *Conference) forget(l *leg) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.legs, l.dialog.id())
}

// find is the leg whose dialog the request belongs to, or nil.
func (c *Conference) find(req *sip.Request) *leg {
	id, err := sip.DialogIDFromRequestUAS(req)
	if err != nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.legs[id]
}
