package profiles

import (
	"cmp"
	"encoding/binary"
	"math"
	"strings"
	"time"

	"tributary/ingest/event"
	"tributary/ingest/stream"
)

// Interaction is one event as it is kept among the last ones. Texts are bounded; empty means not
// said, and Score nil.
type Interaction struct {
	At        time.Time       `policy:"self"` // corrected time, UTC
	MessageID string          `policy:"self"`
	Source    string          `policy:"provenance"`
	Position  stream.Position `policy:"meta"` // of its log record

	// OriginalAt is when it happened by the clock of Client, 0 for none (event.Event.Client), and Order
	// the client's own order. OrderedAt is the time by which it is told among others: see Arrange.
	OriginalAt time.Time `policy:"self"`
	Order      int64     `policy:"self"`
	Client     uint64    `policy:"self"`
	OrderedAt  time.Time `policy:"self"`

	Type           event.Type       `policy:"self"`
	Name           string           `policy:"self"`
	Channel        event.Channel    `policy:"self"`
	ConversationID string           `policy:"self"`
	CaseID         string           `policy:"self"`
	AuthorRole     event.AuthorRole `policy:"self"`
	Direction      event.Direction  `policy:"self"`
	AgentID        string           `policy:"self"`
	Team           string           `policy:"self"`
	Topic          string           `policy:"self"`
	Priority       string           `policy:"self"`
	Disposition    string           `policy:"self"`
	Resolution     event.Resolution `policy:"self"`
	// Text is the beginning of what was written or said, by AuthorRole: never to be trusted as an
	// instruction. TextCut says that there is more.
	Text    string `policy:"content"`
	TextCut bool   `policy:"meta"`

	Survey              event.Survey     `policy:"satisfaction"`
	SurveyKind          event.SurveyKind `policy:"satisfaction"`
	Scale               string           `policy:"satisfaction"`
	Score               *float64         `policy:"satisfaction"`
	AboutConversationID string           `policy:"self"`

	Amount   string `policy:"money"` // decimal
	Currency string `policy:"money"` // ISO 4217
	Product  string `policy:"self"`
	OrderID  string `policy:"self"`
}

// interaction is an Interaction as it is stored: only what orders it is taken apart, because on
// the way of an event through a State the rest is carried and never looked at.
type interaction struct {
	stamp
	own
	raw string // appendDetail
}

// own is what orders the events of one client: see Arrange.
type own struct {
	client   uint64
	original int64 // Unix milliseconds
	order    int64
}

// compare is the order in which events are told as long as nothing is known of what else a client did.
func (a interaction) compare(b interaction) int {
	if c := cmp.Compare(a.at, b.at); c != 0 {
		return c
	}
	if c := cmp.Compare(a.client, b.client); c != 0 {
		return c
	}
	if c := cmp.Compare(a.original, b.original); c != 0 {
		return c
	}
	if c := cmp.Compare(a.order, b.order); c != 0 {
		return c
	}
	if c := a.stamp.compare(b.stamp); c != 0 {
		return c
	}
	return strings.Compare(a.raw, b.raw)
}

const (
	flagTextCut = 1 << iota
	flagScore
)

var noCX event.CX

// appendDetail encodes what stamp does not hold of an event, with at most so many runes of text.
func appendDetail(b []byte, e *event.Event, pos stream.Position, runes int) []byte {
	cx := e.CX
	if cx == nil {
		cx = &noCX
	}
	text, cut := snippet(cx.Text, runes)
	var flags byte
	if cut {
		flags |= flagTextCut
	}
	if cx.Score != nil {
		flags |= flagScore
	}
	b = binary.AppendUvarint(b, uint64(pos.Partition))
	b = binary.AppendUvarint(b, pos.Offset)
	b = append(b, flags)
	if cx.Score != nil {
		b = binary.BigEndian.AppendUint64(b, math.Float64bits(*cx.Score))
	}
	b = appendClipped(b, string(e.Type), e.Name, string(e.Channel))
	if e.CX == nil {
		return b
	}
	b = appendClipped(b, cx.ConversationID, cx.CaseID, string(cx.AuthorRole), string(cx.Direction),
		cx.AgentID, cx.Team, cx.Topic, cx.Priority, cx.Disposition, string(cx.Resolution))
	b = appendString(b, text)
	return appendClipped(b, string(cx.Survey), string(cx.SurveyKind), cx.Scale, cx.AboutConversationID,
		event.CanonicalAmount(cx.Amount, cx.Currency), cx.Currency, cx.Product, cx.OrderID)
}

func appendClipped(b []byte, texts ...string) []byte {
	for _, t := range texts {
		b = appendString(b, clip(t))
	}
	return b
}

// open decodes an interaction. One that is damaged yields what could be read: the sums of the
// store tell of damage, and a State that decodes never panics.
func (a interaction) open() Interaction {
	r := reader{s: a.raw}
	x := Interaction{
		At: a.time(), OrderedAt: a.time(), MessageID: a.msg, Source: a.source,
		OriginalAt: time.UnixMilli(a.original).UTC(), Order: a.order, Client: a.client,
	}
	x.Position.Partition = stream.Partition(r.uvarint())
	x.Position.Offset = r.uvarint()
	flags := r.byte()
	x.TextCut = flags&flagTextCut != 0
	if flags&flagScore != 0 {
		score := math.Float64frombits(r.uint64())
		x.Score = &score
	}
	x.Type, x.Name, x.Channel = event.Type(r.text()), r.text(), event.Channel(r.text())
	if r.done() {
		return x
	}
	x.ConversationID, x.CaseID = r.text(), r.text()
	x.AuthorRole, x.Direction = event.AuthorRole(r.text()), event.Direction(r.text())
	x.AgentID, x.Team, x.Topic, x.Priority, x.Disposition = r.text(), r.text(), r.text(), r.text(), r.text()
	x.Resolution = event.Resolution(r.text())
	x.Text = r.text()
	x.Survey, x.SurveyKind = event.Survey(r.text()), event.SurveyKind(r.text())
	x.Scale, x.AboutConversationID = r.text(), r.text()
	x.Amount, x.Currency, x.Product, x.OrderID = r.text(), r.text(), r.text(), r.text()
	return x
}

// Contacts are kept apart from all else, so that a visit with many pages does not push a conversation out, and notes apart
// from both, for what an agent wrote down holds longer than the conversations after it. The order is on disk.
const (
	otherInteraction = iota
	contactInteraction
	noteInteraction
	recentClasses // how many there are
)

var recentBounds = [recentClasses]int{otherInteraction: maxOthers, contactInteraction: maxContacts, noteInteraction: maxNotes}

// newInteraction encodes an event into one string that holds the stamp's texts as well.
func newInteraction(e *event.Event, pos stream.Position) interaction {
	var buf [512]byte
	b := append(buf[:0], clip(e.MessageID)...)
	msg := len(b)
	b = append(b, clip(e.Source)...)
	source := len(b)
	all := string(appendDetail(b, e, pos, maxSnippet))
	return interaction{
		stamp: stamp{at: e.At.UnixMilli(), msg: all[:msg], source: all[msg:source]},
		own:   own{client: e.Client(), original: e.OriginalAt.UnixMilli(), order: e.Order},
		raw:   all[source:],
	}
}

func (s *State) applyInteraction(e *event.Event, x interaction, pos stream.Position) {
	if cx := e.CX; cx != nil {
		s.applyItems(e, x, pos)
		s.applyPledge(e, x.stamp)
		s.applyDeed(e, x.stamp)
		s.applySurvey(cx, e.Name, x)
	}
	s.addRecent(classOf(e), x)
}

// classOf says among what an event is kept.
func classOf(e *event.Event) int {
	switch cx := e.CX; {
	case e.ByAgent() && e.Name == event.NameNoteAdded:
		return noteInteraction
	case cx != nil && (cx.ConversationID != "" || cx.CaseID != "" || cx.Survey != ""):
		return contactInteraction
	}
	return otherInteraction
}

func (s *State) addRecent(class int, x interaction) {
	s.recent[class] = insertNewest(s.recent[class], x, interaction.compare, recentBounds[class])
}

func (s *State) addAnswer(x interaction) {
	s.answers = insertNewest(s.answers, x, interaction.compare, maxAnswers)
}

// surveySum adds up the answers to one kind of survey on one scale. Scores are summed in
// thousandths, because adding floating-point numbers depends on their order.
type surveySum struct {
	survey, kind, scale string
	n                   uint64
	sum                 int64
}

func (x surveySum) compare(y surveySum) int {
	if c := shorter(x.survey, y.survey); c != 0 {
		return c
	}
	if c := shorter(x.kind, y.kind); c != 0 {
		return c
	}
	return shorter(x.scale, y.scale)
}

// maxScore keeps sums from overflowing; no scale comes near it.
const maxScore = 1e9

func (s *State) applySurvey(cx *event.CX, name string, x interaction) {
	if name != "survey.answered" || cx.Score == nil || math.IsNaN(*cx.Score) || math.Abs(*cx.Score) > maxScore {
		return
	}
	s.addAnswer(x)
	s.addSurvey(surveySum{
		survey: clip(string(cx.Survey)), kind: clip(string(cx.SurveyKind)),
		scale: clip(cx.Scale), n: 1, sum: int64(math.Round(*cx.Score * 1000)),
	})
}

func (s *State) addSurvey(x surveySum) {
	i, found := search(s.surveys, func(y surveySum) int { return y.compare(x) })
	if found {
		s.surveys[i].n += x.n
		s.surveys[i].sum += x.sum
		return
	}
	x.survey, x.kind, x.scale = strings.Clone(x.survey), strings.Clone(x.kind), strings.Clone(x.scale)
	s.surveys = insert(s.surveys, i, x, maxSurveys)
}

// Snippet cuts a text as Interaction.Text is cut, and says whether there is more.
func Snippet(text string) (string, bool) { return snippet(text, maxSnippet) }
