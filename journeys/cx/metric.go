// Package cx holds the metrics of customer experience: what each means, once, and how it is asked. API, documentation,
// dashboards and models read the same registry, so that a number has one definition wherever it stands.
package cx

import "slices"

// Unit is what a value is measured in.
type Unit string

// The units. A share is from 0 to 1; points are those of NPS, from -100 to 100.
const (
	UnitShare   Unit = "share"
	UnitPoints  Unit = "points"
	UnitSeconds Unit = "seconds"
	UnitCost    Unit = "cost" // in whatever unit the sources give theirs
	UnitCases   Unit = "cases"
	UnitCount   Unit = "count"
	UnitRatio   Unit = "ratio"
)

// Better says which way a value should go.
type Better string

// The ways. Neither: it is there to read others by.
const (
	BetterLarger  Better = "larger"
	BetterSmaller Better = "smaller"
	BetterNeither Better = "neither"
)

// Dimension is what a metric may be told apart by.
type Dimension string

// The dimensions. They are columns of every statement that metrics are made of.
const (
	ByChannel   Dimension = "channel"
	BySource    Dimension = "source"
	ByTopic     Dimension = "topic"
	ByAgentKind Dimension = "agent_kind"
	ByTeam      Dimension = "team"
	ByQueue     Dimension = "queue"
	ByLanguage  Dimension = "language"
	ByProduct   Dimension = "product"
)

// Metric is one metric. Its formula is in words; the columns that carry it out are those of the statement sql/queries/cx.
type Metric struct {
	ID      string `json:"id" policy:"meta"`
	Name    string `json:"name" policy:"meta"`
	Formula string `json:"formula" policy:"meta"`
	Unit    Unit   `json:"unit" policy:"meta"`
	Better  Better `json:"better" policy:"meta"`
	Notes   string `json:"notes,omitempty" policy:"meta"`
	// Source is where the definition comes from.
	Source string `json:"source" policy:"meta"`
	// Minimum is the sample below which a value says little; it is given, and marked.
	Minimum int `json:"minimum" policy:"meta"`
	// Series is what values are always told apart by, since together they would mean nothing.
	Series string      `json:"series,omitempty" policy:"meta"`
	By     []Dimension `json:"by" policy:"meta"`
	// WindowDays is for how long something may still happen that changes the value; 0: it is settled at once.
	WindowDays int `json:"window_days,omitempty" policy:"meta"`
	// Comparable: AI and human can be compared by it, like for like.
	Comparable bool `json:"comparable,omitempty" policy:"meta"`

	rows rows
	of   columns
	kind kind
}

// rows names the statement below sql/queries/cx that yields what is counted.
type rows string

const (
	ofSurveys     rows = "surveys"
	ofContacts    rows = "contacts"
	ofLegs        rows = "legs"
	ofResolutions rows = "resolutions"
	ofSLAs        rows = "slas"
	ofBacklog     rows = "backlog"
)

// kind is how a value is made of the columns.
type kind int

const (
	share  kind = iota // the rows with a numerator of 1 of those that count, with Wilson's interval
	net                // the mean of numerators of 1, 0 and -1, in points
	mean               // sum of numerators through sum of denominators
	median             // of numerators
	stock              // sum of all numerators until the end of the bucket
	volume             // sum of the numerators of the bucket
)

// whole says whether a value is a count of all there is: it has neither a denominator nor an interval.
func (k kind) whole() bool { return k == stock || k == volume }

// columns are those of the statement that a metric is made of. Numerators are whole numbers: scale is how many make one
// of the unit.
type columns struct {
	counted     string // which rows count
	numerator   string
	denominator string // empty: 1 for each row
	at          string // by which a row is of the span; empty: at
	mature      string // false: the row may still change; empty: it does not
	series      string
	scale       float64 // 0: 1
	onePerson   bool    // the last row of each person in a bucket alone
	parts       []part
	names       []string // of the events that are counted, for what erasures took
}

// part is a sum that a numerator consists of.
type part struct{ name, column string }

// upper and lower are numerator and denominator of a row, as expressions; time is by which it is of a span.
func (c *columns) upper() string { return whole(c.numerator) }
func (c *columns) lower() string { return whole(or(c.denominator, "1")) }
func (c *columns) time() string  { return or(c.at, "at") }

func (c *columns) scaled() float64 {
	if c.scale == 0 {
		return 1
	}
	return c.scale
}

// Metrics lists all metrics, in the order in which they are told.
func Metrics() []Metric { return slices.Clone(registry) }

// Find returns the metric of an id.
func Find(id string) (Metric, bool) {
	at := slices.IndexFunc(registry, func(m Metric) bool { return m.ID == id })
	if at < 0 {
		return Metric{}, false
	}
	return registry[at], true
}

// registry is filled from the tables of voice.go, contact.go and ai.go.
var registry = slices.Concat(voice, service, automation)
