package identity

// Bits are 1/1024 of a bit of evidence, as a whole number so that sums do not depend on their order.
type Bits int32

// Bit is one bit: evidence that doubles the odds.
const Bit Bits = 1024

// Float returns bits.
func (b Bits) Float() float64 { return float64(b) / float64(Bit) }

// Likeness is the probabilistic layer as Resolve sees it: how alike observations are by what is not
// certain. Package match has the implementation. What it answers is a function of the facts and of
// one model. It is for the goroutine that resolves.
type Likeness interface {
	// Near returns the observations that are alike enough to be looked at together with this one,
	// each once and in any order. It is symmetric. An observation that says too little to be compared
	// has none.
	Near(ObservationID) ([]ObservationID, error)
	// Cluster says which groups of observations are one person.
	Cluster(Grouping) (Clustering, error)
	// Weigh takes the score of two groups apart.
	Weigh(a, b []ObservationID) (Weighing, error)
}

// Grouping is what is to be clustered: groups that are one person each, for certain.
type Grouping struct {
	// Groups hold their members ascending, and are ascending by their first.
	Groups [][]ObservationID
	// Near are the pairs of members of different groups that are near each other, A < B, ascending.
	Near [][2]ObservationID
	// Apart says that two groups, by their places, are two persons whatever they look like.
	Apart func(a, b int) bool
	// Without says that an identifier is not to be weighed: it was blocked, or the rules ignore its type.
	// Who compares observations without these to begin with may pass over it.
	Without func(Identifier) bool
}

// Clustering is which groups are one person, and which may be.
type Clustering struct {
	// Merges join two groups each, in the order in which they were made.
	Merges []Likely
	// Reviews are the pairs of groups, as merged, of which a person should decide, ascending.
	Reviews []Likely
}

// Likely is how likely two groups are one person.
type Likely struct {
	// A and B are the members of either that are most alike, A < B.
	A, B  ObservationID
	Score Bits
	// Contradiction: the score would be enough, but something keeps the two apart.
	Contradiction bool
}

// Weighing is a score taken apart: Prior, the bits of all fields, Overlap and Household add up to
// Score.
type Weighing struct {
	// Model is the number of the model that weighed.
	Model uint32
	// Prior is the evidence before anything is compared.
	Prior  Bits
	Fields []FieldBits // those that weigh most first
	// Overlap takes back what was said twice: the place of an equal address.
	Overlap Bits
	// Household takes back what is as likely among people who live together.
	Household Bits
	Score     Bits
	// Contradiction: they are not one, whatever the score.
	Contradiction bool
}

// FieldBits is what the comparison of one field says for or against one person.
type FieldBits struct {
	Field string // its name, such as "birth_date"
	Level string // how much it agrees, in words, such as "one digit"
	Bits  Bits
}
