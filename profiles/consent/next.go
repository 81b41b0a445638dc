package consent

import "time"

// Next is when time alone may change a decision: the next end of a grant. Zero: never.
func (p *Projection) Next() (next time.Time) {
	for i := range p.registers {
		if p.registers[i].Ledger.Empty() {
			continue
		}
		for _, e := range p.registers[i].Ledger.entries {
			if e.granted == nil || !e.granted.ValidUntil.After(p.at) {
				continue
			}
			if until := e.granted.ValidUntil; next.IsZero() || until.Before(next) {
				next = until
			}
		}
	}
	return next
}
