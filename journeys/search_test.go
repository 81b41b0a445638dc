package journeys_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/ClickHouse/clickhouse-go/v2"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/journeys"
	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
	"tributary/sql/store"
	"tributary/sql/storetest"
)

// said is what was said by and to observation 0 of workspace acme, one text a minute, and some of others.
type said struct {
	*testing.T
	bench  *storetest.Bench
	search *journeys.Search
	n      uint64
	rows   []*store.EventRow // not inserted yet
}

func newSaid(t *testing.T, texts ...string) *said {
	t.Helper()
	s := &said{T: t, bench: storetest.Engine{Options: func() *clickhouse.Options {
		return chdb.Options(chdbtest.Engine(t), "")
	}}.Store(t)}
	var err error
	if s.search, err = journeys.NewSearch(s.bench.Store, make([]byte, 32)); err != nil {
		t.Fatal(err)
	}
	for _, text := range texts {
		s.say("acme", 0, "conversation.message", text)
	}
	return s
}

func (s *said) say(workspace string, who uint64, name, text string) {
	s.Helper()
	e := &event.Event{
		Workspace: workspace, Source: "helpdesk", MessageID: fmt.Sprintf("m-%03d", s.n), Type: event.TypeTrack, Name: name, Channel: event.ChannelChat,
		CX: &event.CX{ConversationID: "c", Text: text, AuthorRole: event.AuthorCustomer},
	}
	at := epoch.Add(time.Duration(s.n) * time.Minute)
	e.Stamp(at, time.Time{}, at)
	row := store.NewEventRow(e, store.Place{LogOffset: s.n}, storetest.Observation(who), nil)
	s.rows = append(s.rows, &row)
	s.n++
}

// page inserts what was said and asks for a page.
func (s *said) page(r journeys.SearchRequest) (*journeys.SearchPage, error) {
	s.Helper()
	if len(s.rows) > 0 {
		if err := store.Insert(s.Context(), s.bench.Store, store.Events, s.rows, ""); err != nil {
			s.Fatal(err)
		}
		s.rows = nil
	}
	return s.search.Page(s.Context(), r)
}

func (s *said) request(query string) journeys.SearchRequest {
	s.Helper()
	words, err := journeys.Words(query)
	if err != nil {
		s.Fatal(err)
	}
	return journeys.SearchRequest{
		Workspace: "acme", Profile: storetest.Observation(0), Words: words,
		Observations: []identity.ObservationID{storetest.Observation(0), storetest.Observation(7)},
	}
}

// find returns the hits' snippets.
func (s *said) find(r journeys.SearchRequest) []string {
	s.Helper()
	page, err := s.page(r)
	if err != nil {
		s.Fatal(err)
	}
	found := []string{}
	for _, h := range page.Hits {
		found = append(found, h.Snippet)
	}
	return found
}

func TestSearchFinds(t *testing.T) {
	s := newSaid(t,
		"My REFUND has not arrived", "refund the other order, please", "The Straße is closed", "請幫我退款，謝謝", "ＦＵＬＬ width",
		"de\u0301ja\u0300 vu", "100% sure", "1000 sure", `it's a \ path_a`, "path-a", "a.b", "axb", "in\u00advisible", "Ο ΟΔΥΣΣΕΥΣ")
	s.say("acme", 1, "conversation.message", "refund of somebody else")
	s.say("other", 0, "conversation.message", "refund of another workspace")
	for query, want := range map[string][]string{
		"refund":         {"refund the other order, please", "My REFUND has not arrived"},
		"ORDER Refund":   {"refund the other order, please", "My REFUND has not arrived"}, // two words before one
		"strasse":        {"The Straße is closed"},
		"退款":             {"請幫我退款，謝謝"},
		"full":           {"ＦＵＬＬ width"},
		"déjà":           {"de\u0301ja\u0300 vu"},
		"οδυσσευς":       {"Ο ΟΔΥΣΣΕΥΣ"},
		"invisible":      {"in\u00advisible"},
		"100%":           {"100% sure"},
		"path_a":         {`it's a \ path_a`},
		"a.b":            {"a.b"},
		`\`:              {`it's a \ path_a`},
		"it's":           {`it's a \ path_a`},
		"nothing":        {},
		"refund\u3000vu": {"de\u0301ja\u0300 vu", "refund the other order, please", "My REFUND has not arrived"},
	} {
		if got := s.find(s.request(query)); !slices.Equal(got, want) {
			t.Errorf("%q finds\n%q, want\n%q", query, got, want)
		}
	}
}

// TestSearchTakesWordsAsTheyAre: no word is anything but characters to look for.
func TestSearchTakesWordsAsTheyAre(t *testing.T) {
	hostile := []string{
		`'`, `"`, "`", `\`, `\\`, `\'`, `'']`, `']) OR 1=1 --`, `') UNION ALL SELECT 1 --`, `{workspace:String}`, `{words:Array(String)}`, `$1`, `?`, `:x`, `@x`,
		`%`, `_`, `%%`, `.*`, `.+`, `[a-z]`, `^`, `$`, `(?i)x`, `\d`, `\N`, `\0`, `\x00`, `NULL`, `--`, `/*`, `*/`, `;`, `{}`, `[]`, `()`, `,`, `''`, `','`,
	}
	s := newSaid(t, "plain talk")
	for _, query := range hostile {
		if got := s.find(s.request(query)); len(got) != 0 {
			t.Errorf("%q finds %q", query, got)
		}
	}
	for i, query := range hostile {
		s.say("acme", 7, "conversation.message", fmt.Sprintf("<%d>%s<%d>", i, strings.Join(strings.Fields(query), " "), i))
	}
	for i, query := range hostile {
		words, err := journeys.Words(query)
		if err != nil {
			t.Fatal(err)
		}
		page, err := s.page(s.request(query))
		if err != nil {
			t.Fatal(err)
		}
		prefix := fmt.Sprintf("<%d>", i)
		if at := slices.IndexFunc(page.Hits, func(h journeys.Hit) bool { return strings.HasPrefix(h.Snippet, prefix) }); at < 0 || page.Hits[at].Matched != len(words) {
			t.Errorf("%q does not find itself: %+v", query, page.Hits)
		}
		for _, h := range page.Hits {
			if !slices.ContainsFunc(words, func(w string) bool { return strings.Contains(strings.ToLower(h.Snippet), strings.ToLower(w)) }) {
				t.Errorf("%q finds %q", query, h.Snippet)
			}
		}
	}
}

// TestSearchPages: no hit is missed or told twice, and a cursor is of one workspace, profile and query.
func TestSearchPages(t *testing.T) {
	var texts, want []string
	for i := range 25 {
		texts = append(texts, fmt.Sprintf("late %s %02d", []string{"parcel", "letter"}[i%2], i))
	}
	for _, word := range []string{"parcel", "letter"} {
		for _, text := range slices.Backward(texts) {
			if strings.Contains(text, word) {
				want = append(want, text)
			}
		}
	}
	s := newSaid(t, texts...)
	r := s.request("parcel late")
	r.Limit = 4
	var got []string
	for {
		page, err := s.page(r)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range page.Hits {
			got = append(got, h.Snippet)
		}
		if page.Next == "" {
			break
		}
		r.Cursor = page.Next
		for what, other := range map[string]func(*journeys.SearchRequest){
			"another query":     func(x *journeys.SearchRequest) { x.Words = []string{"late"} },
			"another workspace": func(x *journeys.SearchRequest) { x.Workspace = "other" },
			"another profile":   func(x *journeys.SearchRequest) { x.Profile = storetest.Observation(1) },
			"a longer cursor":   func(x *journeys.SearchRequest) { x.Cursor += "A" },
		} {
			x := r
			other(&x)
			if _, err := s.page(x); !errors.Is(err, journeys.ErrCursor) {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("finds\n%q, want\n%q", got, want)
	}
}

// TestSearchHides: what a reader may not see is not found.
func TestSearchHides(t *testing.T) {
	s := newSaid(t, "needle old")
	s.say("acme", 0, "survey.answered", "needle survey")
	s.say("acme", 0, "conversation.message", "needle new")
	for _, one := range []struct {
		hidden journeys.Hidden
		want   []string
	}{
		{journeys.Hidden{}, []string{"needle new", "needle survey", "needle old"}},
		{journeys.Hidden{Before: epoch.Add(time.Second)}, []string{"needle new", "needle survey"}},
		{journeys.Hidden{Groups: []string{"survey"}}, []string{"needle new", "needle old"}},
		{journeys.Hidden{Contacts: true}, []string{}},
		{journeys.Hidden{Others: true}, []string{"needle new", "needle survey", "needle old"}},
	} {
		r := s.request("needle")
		r.Hidden = one.hidden
		if got := s.find(r); !slices.Equal(got, one.want) {
			t.Errorf("%+v: finds %q, want %q", one.hidden, got, one.want)
		}
	}
}

// TestSnippetsShowTheMatch: of a long text what is around the first word, whatever it is written in.
func TestSnippetsShowTheMatch(t *testing.T) {
	s, texts := newSaid(t), []string{}
	for _, filler := range []string{"lorem ipsum ", "Ж ", "長い文章", "e\u0301", "ﬃ", "👩‍👩‍👧 ", "\u200b\u00ad "} {
		for _, before := range []int{0, 1, 50, 400} {
			text := strings.Repeat(filler, before) + "HayNadel" + strings.Repeat(filler, 400)
			s.say("acme", uint64(len(texts)), "conversation.message", text)
			texts = append(texts, text)
		}
	}
	for i, text := range texts {
		r := s.request("nadel")
		r.Observations = []identity.ObservationID{storetest.Observation(uint64(i))}
		page, err := s.page(r)
		if err != nil || len(page.Hits) != 1 {
			t.Fatalf("%.20q: %v, %v", text, page, err)
		}
		h := page.Hits[0]
		if n := utf8.RuneCountInString(h.Snippet); n > journeys.SnippetRunes || !utf8.ValidString(h.Snippet) || !h.Cut ||
			!strings.Contains(h.Snippet, "Nadel") || !strings.Contains(text, h.Snippet) {
			t.Errorf("%.20q: snippet of %d runes: %q", text, n, h.Snippet)
		}
	}
}

func TestSearchFailsWithTheStore(t *testing.T) {
	s := newSaid(t, "needle")
	r := s.request("needle")
	if got := s.find(r); len(got) != 1 {
		t.Errorf("finds %q", got)
	}
	if err := s.bench.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.page(r); !errors.Is(err, journeys.ErrArchive) {
		t.Errorf("%v", err)
	}
}

func TestWordsAreBounded(t *testing.T) {
	for _, query := range []string{"", " \u3000\t", "\u00ad \u3164", strings.Repeat("a", journeys.MaxQueryRunes+1), strings.Repeat("a ", journeys.MaxWords+1), "a\x00b", "\xff", "a\x1bb"} {
		var fault *journeys.QueryError
		if words, err := journeys.Words(query); !errors.As(err, &fault) {
			t.Errorf("%q is taken as %q, %v", query, words, err)
		}
	}
}

func FuzzWords(f *testing.F) {
	for _, seed := range []string{"a b", "退款", "\u00ad", "'", "\\"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		words, err := journeys.Words(query)
		if err == nil && (len(words) == 0 || len(words) > journeys.MaxWords) {
			t.Fatalf("%q is %d words", query, len(words))
		}
	})
}
