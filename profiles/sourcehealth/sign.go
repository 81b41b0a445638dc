package sourcehealth

import "time"

// Sign is something about a source that somebody should look at.
type Sign string

// The signs, the most urgent first.
const (
	// SignUnbalanced: the account does not add up. It is never so, and then something is wrong with this program.
	SignUnbalanced Sign = "unbalanced"
	// SignQuarantined: some of what was received today was put aside.
	SignQuarantined Sign = "quarantined"
	// SignBehind: something was received more than BehindAfter ago and is not in the analytics store.
	SignBehind Sign = "behind"
	// SignSilent: it has sent before, and nothing for SilentAfter.
	SignSilent Sign = "silent"
	// SignNever: it is configured, and nothing ever came.
	SignNever Sign = "never"
	// SignDrift: events differ from their contract, or from what was seen at first.
	SignDrift Sign = "drift"
)

// When a sign is seen.
const (
	BehindAfter = time.Minute
	SilentAfter = 24 * time.Hour
)

// signs reads the signs of a source.
func signs(s *Source, now time.Time) []Sign {
	all := []Sign{}
	for _, one := range []struct {
		sign Sign
		seen bool
	}{
		{SignUnbalanced, !s.Balanced},
		{SignQuarantined, s.Today.Quarantined > 0},
		{SignBehind, s.Lag.Seconds > BehindAfter.Seconds()},
		{SignSilent, s.Received > 0 && now.Sub(s.LastReceived) > SilentAfter},
		{SignNever, s.Received == 0},
		{SignDrift, s.Drift > 0},
	} {
		if one.seen {
			all = append(all, one.sign)
		}
	}
	return all
}
