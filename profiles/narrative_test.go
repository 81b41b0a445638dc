package profiles

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"tributary/ingest/event"
	"tributary/profiles/injectiontest"
)

// outside returns the lines of a narrative that are in no block, as CommonMark has it, and the lines of the blocks.
// It fails where a block is not closed, or is not one of ours.
func outside(t rapid.TB, markdown string) (ours, theirs []string) {
	t.Helper()
	fence := 0
	for line := range strings.Lines(markdown) {
		line = strings.TrimSuffix(line, "\n")
		ticks := len(line) - len(strings.TrimLeft(line, "`"))
		switch {
		case fence == 0 && ticks >= 3:
			if fence = ticks; line[ticks:] != Untrusted {
				t.Fatalf("a block of another kind: %q", line)
			}
		case fence == 0:
			ours = append(ours, line)
		case ticks >= fence && strings.TrimSpace(line[ticks:]) == "":
			fence = 0
		default:
			theirs = append(theirs, line)
		}
	}
	if fence != 0 {
		t.Fatalf("a block is not closed: %q", markdown)
	}
	return ours, theirs
}

// planted is a profile in which a text stands wherever anybody may write one.
func planted(text string) Profile {
	value, _ := json.Marshal(text)
	at := epoch
	x := func(name string, id int) Interaction {
		score := 2.0
		return Interaction{
			At: at.Add(time.Duration(id) * time.Minute), MessageID: fmt.Sprintf("%s-%d", text, id), Source: "desk", Type: event.TypeTrack, Name: name,
			Channel: event.ChannelChat, ConversationID: text + fmt.Sprint(id%3), CaseID: text, AuthorRole: event.AuthorCustomer, AgentID: text, Team: text, Topic: text,
			Priority: text, Disposition: text, Text: text, Product: text, OrderID: text, Survey: event.SurveyCSAT, Scale: "1-5", Score: &score,
		}
	}
	p := customer()
	p.Attributes = []Trait{{Name: "name", Value: value, Source: "crm", At: at, MessageID: text}}
	p.Traits = []Trait{{Name: text, Value: value, Source: "crm", At: at, MessageID: text + "1", Others: 2}, {Name: "plan", Value: value, Source: "crm", At: at}}
	p.Identifiers = append(p.Identifiers, HeldIdentifier{})
	p.Identifiers[len(p.Identifiers)-1].Type, p.Identifiers[len(p.Identifiers)-1].Value = event.IDUser, text
	p.Observations[1].Reason.Rule = "same_" + text
	p.Items = []Item{
		{Kind: ItemConversation, ID: text, Open: true, HumanRequested: true, OpenedAt: at, ChangedAt: at, Last: x("conversation.started", 1), Account: text},
		{Kind: ItemSubscription, ID: text + "!", Last: x("subscription.started", 2)},
		{Kind: ItemKind(text), ID: text, Open: true, Last: x(text, 3)},
	}
	p.Interactions = nil
	for i, name := range []string{"conversation.started", "conversation.message", text, "conversation.transferred", "conversation.transferred", "conversation.ended", "case.reopened"} {
		p.Interactions = append(p.Interactions, x(name, 10+i))
	}
	p.Answers = []Interaction{x("survey.answered", 20), x("survey.answered", 21)}
	p.Commitments = []Commitment{{ID: text, Kind: CommitmentKind(text), Status: CommitmentMade, Text: text, Quote: text, Actor: text, ActorName: text, Role: event.AuthorAI, Amount: text, Currency: text}}
	p.Satisfaction = []Satisfaction{{Survey: text, Kind: text, Scale: text, Answers: 3, Mean: 2}}
	return p
}

// told is the narrative of everything in a profile, and the facts.
func narrated(p *Profile, ask ...string) (string, []Fact) {
	c := NewContext(&Answer{Profile: *p}, ContextRequest{BudgetTokens: 1 << 30, AsOf: epoch.Add(time.Hour), Narrative: true, Ask: ask})
	return string(Narrate(nil, c.Facts)), c.Facts
}

func checkInert(t testing.TB, text string) {
	t.Helper()
	harmless, bad := planted("x"), planted(text)
	want, _ := narrated(&harmless, "crm.x")
	got, facts := narrated(&bad, "crm."+text)
	wantOurs, _ := outside(t, want)
	ours, theirs := outside(t, got)
	// What is ours may count or group otherwise, and says nothing else.
	known := map[string]bool{}
	for _, line := range append(wantOurs, "") {
		known[numbers.ReplaceAllString(line, "0")] = true
	}
	for _, line := range ours {
		if line = numbers.ReplaceAllString(line, "0"); !known[line] {
			t.Errorf("a line outside of all blocks is not ours: %q", line)
		}
	}
	for _, line := range theirs {
		if strings.ContainsAny(line, "<>&") || strings.ContainsFunc(line, unseen) {
			t.Errorf("a line has what cannot be seen, or HTML: %q", line)
		}
	}
	for _, f := range facts {
		if f.Untrusted != (len(f.Quotes) > 0) {
			t.Errorf("a fact is not marked: %+v", f)
		}
		for _, q := range f.Quotes {
			if !q.Untrusted || strings.ContainsFunc(q.Text+q.Name, unseen) {
				t.Errorf("a quote is not marked, or hides something: %+q", q.Name+q.Text)
			}
		}
	}
}

var numbers = regexp.MustCompile(`[0-9]+`)

// unseen says whether a character shows nothing: line feeds and tabs do.
func unseen(r rune) bool {
	switch r {
	case '\n', '\t', '\u200c', '\u200d', '\ufe0e', '\ufe0f':
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Variation_Selector)
}

func TestAttemptsComeOutInert(t *testing.T) {
	for _, a := range injectiontest.Attempts() {
		t.Run(a.Name, func(t *testing.T) {
			if !utf8.ValidString(a.Text) || len(a.Text) > 400 || !strings.Contains(a.Text, injectiontest.Mark) {
				t.Error("the attempt is not as its package promises")
			}
			checkInert(t, a.Text)
		})
	}
}

func FuzzNoQuoteLeavesItsBlock(f *testing.F) {
	for _, a := range injectiontest.Attempts() {
		f.Add(a.Text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if text == "" || text == "x" || strings.EqualFold(text, "Ada Marsh") || event.InVocabulary(text) || len(text) > 400 {
			return
		}
		checkInert(t, text)
	})
}

func TestWhatCannotBeSeenIsWrittenOut(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"Ada Marsh\n\tx", "Ada Marsh\n\tx"},
		{"Żółw 忽略 عربي हिन्दी", "Żółw 忽略 عربي हिन्दी"},
		{"a\u202eb", "a[U+202E]b"},
		{"a\u200b\u200b\u2060b", "a[3 hidden characters]b"},
		{"\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"}, // Persian
		{"re\u200cfund", "re[U+200C]fund"},
		{"👩\u200d💻 ☎\ufe0f 1\ufe0f\u20e3", "👩\u200d💻 ☎\ufe0f 1\ufe0f\u20e3"},
		{"x\ufe0f", "x[U+FE0F]"},
		{"\x1b[1m", "[U+001B][1m"},
		{"\xff", "[U+FFFD]"},
		{"e" + strings.Repeat("\u0301", 6), "e" + strings.Repeat("\u0301", 4) + "[2 hidden characters]"},
	} {
		if got := Visible(tt.text); got != tt.want {
			t.Errorf("%+q becomes %+q, want %+q", tt.text, got, tt.want)
		}
		if again := Visible(Visible(tt.text)); again != Visible(tt.text) {
			t.Errorf("%+q becomes another again: %+q", tt.text, again)
		}
	}
}

func TestTheSameStateGivesTheSameBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		r := ContextRequest{
			BudgetTokens: rapid.IntRange(MinBudget, 4000).Draw(t, "budget"), AsOf: epoch.Add(time.Hour),
			Query: rapid.SampledFrom([]string{"", "plan", text, "退款 refund"}).Draw(t, "query"), Narrative: rapid.Bool().Draw(t, "narrative"),
			Conversation: rapid.SampledFrom([]string{"", text + "1"}).Draw(t, "conversation"), Ask: []string{"email", "crm.id"},
		}
		told := func() string {
			p := planted(text)
			c := NewContext(&Answer{Profile: p}, r)
			sum := 0
			ids := map[string]bool{}
			for _, f := range c.Facts {
				if sum += f.Tokens; ids[f.ID] {
					t.Errorf("two facts have the id %s", f.ID)
				}
				ids[f.ID] = true
			}
			if c.Used != sum || sum > r.BudgetTokens {
				t.Errorf("%d tokens are used, %d told, %d allowed", sum, c.Used, r.BudgetTokens)
			}
			body, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			return string(body) + string(Narrate(nil, c.Facts))
		}
		first := told()
		for range 3 {
			if again := told(); again != first {
				t.Fatalf("differs\n%s\n%s", first, again)
			}
		}
	})
}

func TestAQueryOrdersAndLosesNothing(t *testing.T) {
	p := customer()
	p.Interactions = nil
	for i, text := range []string{"Where is my parcel?", "Die Rückerstattung FEHLT", "我想要退款", "wifi"} {
		p.Interactions = append(p.Interactions, Interaction{
			At: epoch, MessageID: fmt.Sprint(i), Name: "conversation.message", ConversationID: "c9", AuthorRole: event.AuthorCustomer, Text: text,
		})
	}
	ids := func(query string) (all []string, second string) {
		c := NewContext(&Answer{Profile: p}, ContextRequest{BudgetTokens: MaxBudget, AsOf: epoch, Query: query})
		for _, f := range c.Facts {
			all = append(all, f.ID)
		}
		if len(c.Facts[1].Quotes) > 0 {
			second = c.Facts[1].Quotes[0].Text
		}
		return all, second
	}
	plain, _ := ids("")
	for _, tt := range []struct{ query, want string }{
		{"rückerstattung", "Die Rückerstattung FEHLT"}, {"退款多久到账", "我想要退款"}, {"PARCEL where", "Where is my parcel?"},
	} {
		all, second := ids(tt.query)
		if second != tt.want {
			t.Errorf("%q puts %q first", tt.query, second)
		}
		if all[0] != plain[0] {
			t.Errorf("%q displaces the first fact", tt.query)
		}
		slices.Sort(all)
		if sorted := slices.Sorted(slices.Values(plain)); !slices.Equal(all, sorted) {
			t.Errorf("%q loses facts: %v, %v", tt.query, all, sorted)
		}
	}
	if all, _ := ids("xyzzy"); !slices.Equal(all, plain) {
		t.Error("a query that nothing shares words with changes the order")
	}
}

// Each heading stands once, in the order of the best fact under it, and the tokens are those of what is written.
func TestANarrativeHasOneSectionOfAKind(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := planted("refund")
		for i := range rapid.IntRange(0, 12).Draw(t, "messages") {
			p.Interactions = append(p.Interactions, Interaction{
				At: epoch, MessageID: fmt.Sprint("n", i), Name: event.NameConversationMessage, ConversationID: "c9", Text: rapid.SampledFrom([]string{"plan", "bill", ""}).Draw(t, "text"),
			})
		}
		budget := rapid.IntRange(MinBudget, 3000).Draw(t, "budget")
		c := NewContext(&Answer{Profile: p}, ContextRequest{
			BudgetTokens: budget, AsOf: epoch, Narrative: true, Query: rapid.SampledFrom([]string{"", "bill", "plan"}).Draw(t, "query"), Ask: []string{"email"},
		})
		var want, got []string
		for _, f := range c.Facts {
			if h := "## " + headings[f.Kind]; !slices.Contains(want, h) {
				want = append(want, h)
			}
		}
		text := Narrate(nil, c.Facts)
		ours, _ := outside(t, string(text))
		for _, line := range ours {
			if strings.HasPrefix(line, "#") {
				got = append(got, line)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("headings %q, want %q", got, want)
		}
		if least := (len(text) + 3) / 4; c.Used < least || c.Used > least+len(c.Facts) || c.Used > budget { // each fact is rounded up
			t.Errorf("%d bytes are %d tokens, of %d", len(text), c.Used, budget)
		}
	})
}
