package event

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

var noon = time.Date(2026, 5, 17, 12, 0, 0, 0, time.UTC)

func ptr[T any](v T) *T { return &v }

// full has every field set.
func full() *Event {
	e := &Event{
		Workspace: "acme", Source: "helpdesk", MessageID: "m-1", Type: TypeTrack,
		Name: NameSurveyAnswered, Channel: ChannelChat, Order: 7,
		Record:       &Record{ID: "r-1", Version: "12", Deleted: true},
		Identifiers:  []Identifier{{IDEmail, "Ann@Example.com"}, {"crm.contact_id", "00Q"}},
		Attributes:   map[string]string{AttrName: "Ann Lee", AttrCity: "Zürich"},
		Participants: []Participant{{Role: "agent", Identifier: Identifier{"helpdesk.agent", "9"}}},
		CX: &CX{
			ConversationID: "c", ParentConversationID: "p", LegID: "l", Turn: 3, Direction: DirectionInbound,
			AuthorRole: AuthorCustomer, AgentID: "9", Team: "t", Queue: "q", Skill: "s", CaseID: "k", Topic: "o",
			Disposition: "d", Priority: "high", Language: "pt-BR", Sentiment: ptr(-0.5), TransferKind: TransferWarm,
			WaitS: ptr(1.5), TalkS: ptr(2.0), HoldS: ptr(0.0), WrapS: ptr(4.0), Resolution: ResolutionConfirmed,
			SurveyID: "s1", Survey: SurveyCSAT, SurveyKind: SurveyTransactional, AboutConversationID: "c",
			Score: ptr(4.0), Scale: "1-5", Amount: "-12.50", Currency: "EUR", Product: "x", Entitlement: "e",
			AccountID: "a", OrderID: "o1", Text: "one\ntwo", Model: "m", Tokens: ptr(int64(5)), Cost: ptr(.01),
			Consent: ConsentGranted, Purpose: "marketing", LegalBasis: "consent", Evidence: "form 3", ValidUntil: time.Date(2030, 1, 2, 0, 0, 0, 0, time.UTC),
			AccountKind: AccountCompany, AccountRole: "payer", ValidFrom: time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC),
			CommitmentID: "co", HandoffID: "h", DueAt: time.Date(2030, 1, 3, 0, 0, 0, 0, time.UTC),
		},
		Traits:     json.RawMessage(`{"plan": "pro"}`),
		Properties: json.RawMessage(`{"a":1.0,"a":12345678901234567890123,"a.b":{"c":1e400},"s":"\ud800","n":"\u0000"}`),
		Context:    json.RawMessage(`{ "ip" : "192.0.2.1" }`),
	}
	e.Stamp(noon, noon.Add(time.Second), noon.Add(2*time.Second))
	return e
}

func TestFullEventIsValidAndSurvivesTheLog(t *testing.T) {
	e := full()
	if v := reflect.ValueOf(*e.CX); true {
		for i := range v.NumField() {
			if v.Field(i).IsZero() {
				t.Errorf("the test leaves CX.%s empty", v.Type().Field(i).Name)
			}
		}
	}
	if err := e.Validate(); err != nil {
		t.Fatal(err)
	}
	data, err := Encode(e)
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(data) {
		t.Errorf("not JSON by the standard library: %s", data)
	}
	if !scan(new(Event), data) {
		t.Error("what Encode wrote is not read the short way")
	}
	got, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(e, got) {
		t.Errorf("got  %+v\nwant %+v", got, e)
	}
	again, err := AppendEncode([]byte("x"), got)
	if err != nil || string(again) != "x"+string(data) {
		t.Errorf("encoding is not stable: %s, %v", again, err)
	}
}

// faultsOf returns the paths that Validate names.
func faultsOf(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var faults Errors
	if !errors.As(err, &faults) {
		t.Fatalf("%T is not Errors", err)
	}
	var paths []string
	for _, fault := range faults {
		paths = append(paths, fault.Field)
		if fault.Reason == "" {
			t.Errorf("%s has no reason", fault.Field)
		}
	}
	return paths
}

func TestValidateNamesTheField(t *testing.T) {
	long := strings.Repeat("x", 2000)
	deep := json.RawMessage(`{"a":` + strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth) + `}`)
	tests := map[string]struct {
		spoil func(*Event)
		want  []string
	}{
		"workspace":       {func(e *Event) { e.Workspace = "A b" }, []string{"workspace"}},
		"source":          {func(e *Event) { e.Source = "" }, []string{"source"}},
		"message id":      {func(e *Event) { e.MessageID = "" }, []string{"message_id"}},
		"long message id": {func(e *Event) { e.MessageID = long }, []string{"message_id"}},
		"type":            {func(e *Event) { e.Type = "buy" }, []string{"type"}},
		"name":            {func(e *Event) { e.Name = "" }, []string{"name"}},
		"page sans name":  {func(e *Event) { e.Type, e.Name = TypePage, "" }, nil},
		"free name":       {func(e *Event) { e.Name = "Item Purchased" }, nil},
		"control in name": {func(e *Event) { e.Name = "a\nb" }, []string{"name"}},
		"channel":         {func(e *Event) { e.Channel = "fax" }, []string{"channel"}},
		"no times":        {func(e *Event) { e.OriginalAt, e.ReceivedAt, e.At = time.Time{}, time.Time{}, time.Time{} }, []string{"original_at", "received_at", "at"}},
		"year 1850":       {func(e *Event) { e.OriginalAt = noon.AddDate(-176, 0, 0) }, []string{"original_at"}},
		"year 2300":       {func(e *Event) { e.At = MaxTime.Add(time.Millisecond); e.SentAt = e.At }, []string{"at", "sent_at"}},
		"ten years old":   {func(e *Event) { e.Stamp(noon.AddDate(-10, 0, 0), time.Time{}, noon) }, nil},
		"record":          {func(e *Event) { e.Record = &Record{Version: long} }, []string{"record.id", "record.version"}},
		"identifier":      {func(e *Event) { e.Identifiers[1] = Identifier{"CRM.id", ""} }, []string{"identifiers[1].type", "identifiers[1].value"}},
		"damaged id":      {func(e *Event) { e.Identifiers[0].Value = "a\uFFFD" }, []string{"identifiers[0].value"}},
		"NUL in id":       {func(e *Event) { e.Identifiers[0].Value = "a\x00" }, []string{"identifiers[0].value"}},
		"not UTF-8":       {func(e *Event) { e.Identifiers[0].Value = "a\xff" }, []string{"identifiers[0].value"}},
		"identifiers":     {func(e *Event) { e.Identifiers = make([]Identifier, MaxIdentifiers+1) }, nil},
		"attributes":      {func(e *Event) { e.Attributes = map[string]string{"shoe_size": "9", AttrName: "a\x00", "\x01b": ""} }, []string{"attributes.b", "attributes.name", "attributes.shoe_size"}},
		"participant":     {func(e *Event) { e.Participants[0] = Participant{} }, []string{"participants[0].role", "participants[0].identifier.type", "participants[0].identifier.value"}},
		"objects": {func(e *Event) {
			e.Traits, e.Properties, e.Context = []byte(`[]`), []byte(`{"a":tru}`), []byte("{\"a\":\"\xff\"}")
		}, []string{"traits", "properties", "context"}},
		"raw NUL": {func(e *Event) { e.Properties = []byte("{\"a\":\"\x00\"}") }, []string{"properties"}},
		"depth":   {func(e *Event) { e.Properties = deep }, []string{"properties"}},
		"size":    {func(e *Event) { e.CX.Text = strings.Repeat("x", MaxStoredBytes) }, []string{"properties"}},

		"cx id":         {func(e *Event) { e.CX.CaseID = "\t" }, []string{"cx.case_id"}},
		"cx word":       {func(e *Event) { e.CX.Topic, e.CX.Team = long, "a\x00" }, []string{"cx.team", "cx.topic"}},
		"language":      {func(e *Event) { e.CX.Language = "en_US" }, []string{"cx.language"}},
		"enums":         {func(e *Event) { e.CX.Direction, e.CX.AuthorRole, e.CX.Survey = "up", "bot", "x" }, []string{"cx.direction", "cx.author_role", "cx.survey"}},
		"more enums":    {func(e *Event) { e.CX.TransferKind, e.CX.Resolution, e.CX.SurveyKind = "hot", "yes", "x" }, []string{"cx.transfer_kind", "cx.resolution", "cx.survey_kind"}},
		"beyond reason": {func(e *Event) { e.CX.WaitS, e.CX.TalkS, e.CX.Cost = ptr(MaxSeconds+1.0), ptr(1e300), ptr(MaxCost*2) }, []string{"cx.wait_s", "cx.talk_s", "cx.cost"}},
		"numbers":       {func(e *Event) { e.CX.WaitS, e.CX.Cost, e.CX.Sentiment = ptr(-1.0), ptr(math.NaN()), ptr(2.0) }, []string{"cx.wait_s", "cx.cost", "cx.sentiment"}},
		"whole numbers": {func(e *Event) { e.CX.Turn, e.CX.Tokens = -1, ptr(int64(-1)) }, []string{"cx.turn", "cx.tokens"}},
		"score":         {func(e *Event) { e.CX.Score = ptr(6.0) }, []string{"cx.score"}},
		"scale":         {func(e *Event) { e.CX.Scale = "5-1" }, []string{"cx.scale"}},
		"nps":           {func(e *Event) { e.CX.Survey, e.CX.Scale, e.CX.Score = SurveyNPS, "", ptr(11.0) }, []string{"cx.score"}},
		"amount alone":  {func(e *Event) { e.CX.Currency = "" }, []string{"cx.currency"}},
		"exponent":      {func(e *Event) { e.CX.Amount = "1e3" }, []string{"cx.amount"}},
		"currency":      {func(e *Event) { e.CX.Amount, e.CX.Currency = "", "eur" }, []string{"cx.amount", "cx.currency"}},
		"kuna":          {func(e *Event) { e.CX.Currency = "HRK" }, nil},
		"text":          {func(e *Event) { e.CX.Text = "\xff" }, []string{"cx.text"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e := full()
			test.spoil(e)
			got := faultsOf(t, e.Validate())
			if name == "identifiers" {
				if len(got) == 0 || got[0] != "identifiers" {
					t.Errorf("got %v", got)
				}
				return
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestVocabulary(t *testing.T) {
	all := Names()
	if len(all) != len(nameSet) {
		t.Errorf("%d names, %d different", len(all), len(nameSet))
	}
	for _, name := range all {
		if !InVocabulary(name) || strings.Count(name, ".") != 1 || name != strings.ToLower(name) {
			t.Errorf("%q is not well formed", name)
		}
	}
	if InVocabulary("Item Purchased") {
		t.Error("a product event is not in the vocabulary")
	}
}

func TestParseTime(t *testing.T) {
	tests := map[string]string{ // "" for refused
		"2026-05-17T12:00:00.1239Z":      "2026-05-17T12:00:00.123Z",
		"2026-05-17T14:00:00+02:00":      "2026-05-17T12:00:00Z",
		"2026-05-17T14:00:00.5+0200":     "2026-05-17T12:00:00.5Z",
		"2026-05-17T12:00:00":            "2026-05-17T12:00:00Z",
		"2026-05-17 12:00:00":            "2026-05-17T12:00:00Z",
		"2026-05-17T12:00Z":              "2026-05-17T12:00:00Z",
		"2015-2-02T00:30:12.984Z":        "2015-02-02T00:30:12.984Z",
		"20260517T120000Z":               "2026-05-17T12:00:00Z",
		"2026-05-17":                     "2026-05-17T00:00:00Z",
		"1900-01-01T00:00:00Z":           "1900-01-01T00:00:00Z",
		"2261-12-31T23:59:59.9999Z":      "2261-12-31T23:59:59.999Z",
		"1899-12-31T23:59:59Z":           "",
		"2300-01-01T00:00:00Z":           "",
		"0001-01-01T00:00:00Z":           "",
		"+12026-05-17T12:00:00Z":         "",
		"2026-02-30":                     "",
		"yesterday":                      "",
		"":                               "",
		"1779019200":                     "",
		strings.Repeat("2026-05-17", 10): "",
	}
	for text, want := range tests {
		got, err := ParseTime(text)
		if want == "" {
			if !errors.Is(err, ErrTime) {
				t.Errorf("%q: got %v, %v", text, got, err)
			}
			continue
		}
		if err != nil || got.Format(time.RFC3339Nano) != want {
			t.Errorf("%q: got %v, %v, want %s", text, got, err, want)
		}
	}
}

func TestStamp(t *testing.T) {
	var none time.Time
	fiveBehind := -5 * time.Hour
	tests := map[string]struct{ original, sent, wantOriginal, wantAt time.Time }{
		"nothing said":          {none, none, noon, noon},
		"only sent":             {none, noon.Add(fiveBehind), noon.Add(fiveBehind), noon},
		"no sent":               {noon.Add(-time.Hour), none, noon.Add(-time.Hour), noon.Add(-time.Hour)},
		"clock behind":          {noon.Add(fiveBehind - time.Minute), noon.Add(fiveBehind), noon.Add(fiveBehind - time.Minute), noon.Add(-time.Minute)},
		"clock ahead":           {noon.Add(9 * time.Hour), noon.Add(10 * time.Hour), noon.Add(9 * time.Hour), noon.Add(-time.Hour)},
		"clock of 1970":         {time.Unix(300, 0).UTC(), time.Unix(360, 0).UTC(), time.Unix(300, 0).UTC(), noon.Add(-time.Minute)},
		"ten years old":         {noon.AddDate(-10, 0, 0), noon, noon.AddDate(-10, 0, 0), noon.AddDate(-10, 0, 0)},
		"a little ahead":        {noon.Add(time.Minute), none, noon.Add(time.Minute), noon.Add(time.Minute)},
		"future":                {noon.AddDate(1, 0, 0), none, noon.AddDate(1, 0, 0), noon},
		"sent before it was":    {noon, noon.Add(-time.Hour), noon, noon},
		"correction overflows":  {MinTime, MaxTime, MinTime, MinTime},
		"correction overflows2": {MaxTime, MinTime, MaxTime, noon},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var e Event
			e.Stamp(test.original, test.sent, noon)
			if e.OriginalAt != test.wantOriginal || e.At != test.wantAt || e.ReceivedAt != noon {
				t.Errorf("got original %v, at %v", e.OriginalAt, e.At)
			}
		})
	}
}

func TestStampIsAlwaysStorable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		span := rapid.Int64Range(MinTime.UnixMilli(), MaxTime.UnixMilli())
		at := func(label string) time.Time { return time.UnixMilli(span.Draw(t, label)).UTC() }
		var e Event
		e.Stamp(at("original"), at("sent"), at("received"))
		if !inRange(e.At) || e.At.Sub(e.ReceivedAt) > MaxAhead {
			t.Fatalf("at %v, received %v", e.At, e.ReceivedAt)
		}
	})
}

func TestForms(t *testing.T) {
	for s, want := range map[string]bool{"user_id": true, "crm.contact_id": true, "a-1.x": true, "crm": false, "crm.": false, ".x": false, "crm.X": false, "crm.1": false, "a.b.c": false, "": false} {
		if ValidIdentifierType(s) != want {
			t.Errorf("identifier type %q", s)
		}
	}
	for s, want := range map[string]bool{"0": true, "-12.50": true, "123456789012345678901234567890.12345678": true, "1234567890123456789012345678901": false, "1.": false, ".5": false, "-": false, "": false, "+1": false, "1,5": false, "1.123456789": false, "NaN": false} {
		if ValidAmount(s) != want {
			t.Errorf("amount %q", s)
		}
	}
	for _, c := range [][3]string{
		{"25", "EUR", "25.00"}, {"25.00", "EUR", "25.00"}, {"025.0000", "EUR", "25.00"}, {"25.125", "EUR", "25.125"}, {"25.1250", "EUR", "25.125"},
		{"25.00", "JPY", "25"}, {"25.5", "JPY", "25.5"}, {"1.5", "BHD", "1.500"}, {"-0.10", "USD", "-0.10"}, {"-0", "USD", "0.00"}, {"000", "JPY", "0"},
		{"3", "ZZZ", "3.00"}, {"3.5", "", "3.50"}, {"", "EUR", ""}, {"1e3", "EUR", "1e3"},
	} {
		if got := CanonicalAmount(c[0], c[1]); got != c[2] {
			t.Errorf("amount %q of %s is written %q, want %q", c[0], c[1], got, c[2])
		}
	}
	for s, want := range map[string]bool{"en": true, "pt-BR": true, "zh-Hant-TW": true, "de-CH-1996": true, "en_US": false, "e": false, "": false, "en-": false, "1n": false, "en-" + strings.Repeat("a-", 20) + "b": false, "verylonglanguage": false} {
		if ValidLanguage(s) != want {
			t.Errorf("language %q", s)
		}
	}
	for s, want := range map[string]bool{"EUR": true, "XCG": true, "HRK": true, "eur": false, "EURO": false, "": false, "ZZZ": false} {
		if ValidCurrency(s) != want {
			t.Errorf("currency %q", s)
		}
	}
}

// TestValidateHardlyAllocates allows one checker for each raw object, since a sync.Pool may be
// empty (and often is under the race detector).
func TestValidateHardlyAllocates(t *testing.T) {
	e := full()
	e.CX.Amount, e.CX.Currency, e.CX.Language, e.CX.Scale = "", "", "", ""
	if n := testing.AllocsPerRun(100, func() { _ = e.Validate() }); n > 3 {
		t.Errorf("%v allocations", n)
	}
}

// TestWhatAgentsWrite: the reserved source has an observation and brings nobody's identifiers; others have neither the
// observation nor the reserved names, and may speak of promises.
func TestWhatAgentsWrite(t *testing.T) {
	o := uuid.UUID{15: 1}
	for _, tt := range []struct {
		name, source, event string
		change              func(*Event)
		fields              []string
	}{
		{"a note", SourceAgent, NameNoteAdded, func(e *Event) { e.Observation = o }, nil},
		{"a promise", SourceAgent, NameCommitmentMade, func(e *Event) { e.Observation = o }, nil},
		{"of nobody", SourceAgent, NameNoteAdded, func(*Event) {}, []string{"observation"}},
		{"another name", SourceAgent, "order.placed", func(e *Event) { e.Observation = o }, []string{"name"}},
		{"with who it is", SourceAgent, NameNoteAdded, func(e *Event) {
			e.Observation, e.Identifiers, e.Traits = o, []Identifier{{IDUser, "u"}}, json.RawMessage(`{}`)
		}, []string{"identifiers", "traits"}},
		{"a source's promise", "crm", NameCommitmentMade, func(*Event) {}, nil},
		{"a source's note", "crm", NameNoteAdded, func(*Event) {}, []string{"name"}},
		{"a source's hand-off", "crm", NameHandoffAccepted, func(*Event) {}, []string{"name"}},
		{"a source's observation", "crm", "order.placed", func(e *Event) { e.Observation = o }, []string{"observation"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := &Event{Workspace: "w", Source: tt.source, MessageID: "m", Type: TypeTrack, Name: tt.event}
			e.Stamp(noon, time.Time{}, noon)
			tt.change(e)
			var faults Errors
			errors.As(e.Validate(), &faults)
			var fields []string
			for _, f := range faults {
				fields = append(fields, f.Field)
			}
			if !reflect.DeepEqual(fields, tt.fields) {
				t.Fatalf("got %v", faults)
			}
			data, err := Encode(e)
			if err != nil || !scan(new(Event), data) {
				t.Fatalf("not read the short way: %s, %v", data, err)
			}
			if got, err := Decode(data); err != nil || !reflect.DeepEqual(got, e) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
	var adopted Event
	if faults := adopted.Adopt("w", SourceAgent, noon); len(faults) == 0 || faults[0].Field != "source" {
		t.Errorf("an import as the reserved source has faults %v", faults)
	}
}
