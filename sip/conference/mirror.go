package conference

// EchoNumber is where callers hear themselves instead of a room: to try their line before a session. It is what FreePBX
// has for that.
const EchoNumber = "*43"

// mirror is a voice that says nothing in the room and hears itself. It obeys the rules of the tick, as every voice.
type mirror struct {
	voice
	said [tickSamples]float32
}

// Receive keeps what the voice says from the room.
func (m *mirror) Receive(dst []float32) {
	m.voice.Receive(m.said[:])
	clear(dst)
}

// Send gives it back to the voice, in place of what the room says.
func (m *mirror) Send([]float32) { m.voice.Send(m.said[:]) }

// place is the voice as it takes part in the room of that number.
func place(number string, v voice) voice {
	if number == EchoNumber {
		return &mirror{voice: v}
	}
	return v
}
