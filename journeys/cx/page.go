package cx

import (
	"fmt"
	"strings"
)

// Page is the registry as a page of Markdown, METRICS.md: `go test ./journeys/cx -run Page -update` writes it.
func Page() string {
	var b strings.Builder
	b.WriteString("# Metrics\n\nMade from the registry (`go test ./journeys/cx -run Page -update`); README.md says what they share.\n\n")
	b.WriteString("| id | metric | unit | better | window | smallest sample |\n|---|---|---|---|---|---|\n")
	for i := range registry {
		m := &registry[i]
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s | %s | %s | %d |\n", m.ID, m.ID, m.Name, m.Unit, m.Better, days(m.WindowDays), m.Minimum)
	}
	for i := range registry {
		m := &registry[i]
		fmt.Fprintf(&b, "\n## %s\n\n**%s.** %s\n", m.ID, m.Name, m.Formula)
		if m.Notes != "" {
			fmt.Fprintf(&b, "\n%s\n", m.Notes)
		}
		by := make([]string, len(m.By))
		for i, d := range m.By {
			by[i] = string(d)
		}
		fmt.Fprintf(&b, "\n- By: %s.\n", strings.Join(by, ", "))
		if m.Series != "" {
			fmt.Fprintf(&b, "- Always told apart by: %s.\n", m.Series)
		}
		if m.Comparable {
			b.WriteString("- AI and human can be compared by it.\n")
		}
		fmt.Fprintf(&b, "- Definition: %s.\n- Statement: `sql/queries/cx/%s.sql`, columns %s.\n", strings.TrimSuffix(m.Source, "."), m.rows, m.columns())
	}
	return b.String()
}

func days(n int) string {
	if n == 0 {
		return "none"
	}
	return fmt.Sprintf("%d d", n)
}

func (m *Metric) columns() string {
	text := "`" + m.of.numerator + "` of `" + m.of.counted + "`"
	if m.of.denominator != "" {
		text = "`" + m.of.numerator + "` through `" + m.of.denominator + "` of `" + m.of.counted + "`"
	}
	return text
}
