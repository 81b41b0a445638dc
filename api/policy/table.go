package policy

import (
	"fmt"
	"strings"
)

// Table is what a policy comes to, as a Markdown table for each kind of reader: classes down, purposes across.
func Table(p *Policy) string {
	var b strings.Builder
	for _, reader := range readers {
		fmt.Fprintf(&b, "| %s | %s |\n|---|%s\n", reader, strings.Join(purposes, " | "), strings.Repeat("---|", len(purposes)))
		for _, class := range p.classes {
			fmt.Fprintf(&b, "| %s |", class)
			for _, purpose := range purposes {
				fmt.Fprintf(&b, " %s |", p.Rule(purpose, reader, class).cell())
			}
			b.WriteByte('\n')
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// cell is a rule in few words: "show", "matched, else mask", "show, 365d".
func (r Rule) cell() string {
	text := r.Do.String()
	if r.Needs > Claimed && r.Below > r.Do {
		text = r.Needs.String()
		if r.Do == Mask {
			text += " masked"
		}
		if r.Below == Mask {
			text += ", else masked"
		}
	}
	if r.MaxAge > 0 && r.Do != Withhold {
		text += ", " + formatAge(r.MaxAge)
	}
	if r.Consent != "" {
		text += ", consent"
	}
	if r.Do == Withhold {
		return "–"
	}
	return text
}
