package sdp

// Answer is the answer to offer by one who could offer local: the common formats in the offerer's order under the
// offerer's payload types, the direction mirrored (RFC 3264 section 6). ErrNoCommonCodec if no voice codec is common.
//
// The same function reads an answer to an offer of ours: Answer(theirs, ours) keeps the formats that both sides can use.
func Answer(offer, local Description) (Description, error) {
	answer := local
	answer.Formats = nil
	for _, theirs := range offer.Formats {
		if ours, ok := find(local.Formats, theirs); ok {
			ours.PayloadType = theirs.PayloadType
			answer.Formats = append(answer.Formats, ours)
		}
	}
	if _, ok := answer.Audio(); !ok {
		return Description{}, ErrNoCommonCodec
	}
	answer.Direction = mirror(offer, local)
	if offer.Ptime != 0 && local.Ptime == 0 {
		answer.Ptime = offer.Ptime
	}
	answer.before, answer.after = offer.before, offer.after
	return answer, nil
}

func find(formats []Format, like Format) (Format, bool) {
	for _, f := range formats {
		if f.Same(like) {
			return f, true
		}
	}
	return Format{}, false
}

// mirror is what the answerer may still do: send if the offerer receives, receive if the offerer sends, and neither if
// it did not want to itself.
func mirror(offer, local Description) string {
	send := receives(offer.Direction) && sends(local.Direction)
	receive := sends(offer.Direction) && receives(local.Direction)
	switch {
	case send && receive:
		return SendRecv
	case send:
		return SendOnly
	case receive:
		return RecvOnly
	}
	return Inactive
}

func sends(direction string) bool    { return direction != RecvOnly && direction != Inactive }
func receives(direction string) bool { return direction != SendOnly && direction != Inactive }
