package profiles

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/identity"
	"tributary/ingest/event"
)

func TestEveryNameOfTheVocabularyIsSaidInWords(t *testing.T) {
	for _, name := range event.Names() {
		if phrase := phrases[name]; phrase == "" || strings.ContainsAny(phrase, "._") {
			t.Errorf("%s is said as %q", name, phrase)
		}
	}
	if len(phrases) != len(event.Names()) {
		t.Errorf("%d phrases for %d names", len(phrases), len(event.Names()))
	}
}

func TestFactsReadAsSentences(t *testing.T) {
	for _, tt := range []struct {
		x    Interaction
		want string
	}{
		{Interaction{Name: "conversation.started", Channel: "chat"}, "Conversation started, by chat."},
		{Interaction{Name: "conversation.message", Channel: "email", AuthorRole: "customer"}, "Message from the customer, by e-mail."},
		{Interaction{Name: "conversation.message", AuthorRole: "ai"}, "Message from the AI."},
		{Interaction{Name: "conversation.ended", Channel: "voice", Resolution: "assumed"}, "Conversation ended, by telephone; taken as settled."},
		{Interaction{Name: "invoice.overdue", Amount: "12.50", Currency: "EUR"}, "Invoice overdue: 12.50 EUR."},
		{Interaction{Name: "survey.answered", Survey: "nps", Scale: "0-10", Score: ptr(9.0)}, "Survey answered: NPS 9 on a scale of 0-10."},
		{Interaction{Type: event.TypePage, Channel: "web"}, "Opened a page."},
		{Interaction{Type: event.TypeTrack, Name: "Plan Compared", Channel: "app"}, "Product event, in the app."},
		{Interaction{}, "Event."},
	} {
		if got := sentence(&tt.x); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

// customer has an open conversation that waits for a human, and was joined out of four records.
func customer() Profile {
	at := func(second int) time.Time { return epoch.Add(time.Duration(second) * time.Second) }
	started := Interaction{At: at(5), MessageID: "m5", Source: "desk", Name: "conversation.started", Channel: "chat", ConversationID: "c1"}
	joined := func(id byte, rule string) ObservationRef {
		return ObservationRef{ID: s2id(id), Standing: identity.StandingMember, Reason: identity.Reason{Rule: rule}}
	}
	trait := func(name, value string, second int) Trait {
		text, _ := json.Marshal(value)
		return Trait{Name: name, Value: text, Source: "crm", At: at(second)}
	}
	return Profile{
		ID: s2id(1), FirstSeen: at(0), LastSeen: at(5), Events: 7, Sources: []SourceSeen{{Name: "crm"}, {Name: "desk"}},
		Observations: []ObservationRef{
			{ID: s2id(1), Standing: identity.StandingFounder}, joined(2, "same_user_id"), joined(3, identity.RuleOnlyHolder), joined(4, "same_chat.visitor_id"),
		},
		Identifiers: []HeldIdentifier{
			{Identifier: identity.Identifier{Type: "chat.visitor_id", Value: "v"}},
			{Identifier: identity.Identifier{Type: event.IDEmail, Value: "ada@example.com"}},
			{Identifier: identity.Identifier{Type: event.IDUser, Value: "u1"}},
		},
		Attributes:   []Trait{trait("birth_date", "1990-01-01", 1), trait("name", "Ada Marsh", 1)},
		Traits:       []Trait{trait("city", "Bonn", 1), trait("email", "Ada@example.com", 1), trait("plan", "pro", 3)},
		Items:        []Item{{Kind: ItemConversation, ID: "c1", Status: started.Name, Open: true, HumanRequested: true, OpenedAt: at(5), ChangedAt: at(5), Last: started}},
		Interactions: []Interaction{started, {At: at(1), MessageID: "m1", Type: event.TypeIdentify}},
	}
}

func TestContextTellsWhatMattersOnce(t *testing.T) {
	p := customer()
	c := NewContext(&Answer{Profile: p}, ContextRequest{AsOf: epoch.Add(time.Minute)})
	var got []string
	for _, f := range c.Facts {
		text := string(f.Kind) + ": " + f.Text
		for _, q := range f.Quotes {
			text += " [" + q.Name + "=" + q.Text + "]"
		}
		got = append(got, text)
	}
	day, minute := epoch.Format(time.DateOnly), epoch.Add(5*time.Second).Format("2006-01-02 15:04 UTC")
	want := []string{
		"who: Customer, first seen " + day + ": 7 events from 2 sources. Open now: 1 conversation. The customer waits for a human. [name=Ada Marsh]",
		"open: Conversation open since " + minute + "; last: conversation started, by chat. The customer asked for a human, and none has answered yet. [id=c1]",
		"identity: Known by user id, e-mail and 1 kind of id from sources. Put together from 4 records by the same user id; " +
			"by an e-mail or telephone that nobody else uses; by the same id in a source. [user_id=u1] [email=ada@example.com] [rule=same_chat.visitor_id]",
		"trait: A source says of the customer: [plan=pro]",
		"trait: A source says of the customer: [birth_date=1990-01-01] [city=Bonn]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(c.LeftOut) != 0 {
		t.Errorf("left out %v", c.LeftOut)
	}
	if rules := c.Facts[2].Rules; !slices.Equal(rules, []string{"same_user_id", "only_holder"}) {
		t.Errorf("rules %v", rules)
	}
}

// A long chat does not push out what is known of the customer.
func TestManyContactsLeaveRoom(t *testing.T) {
	p := customer()
	for i := range 40 {
		x := Interaction{At: epoch, MessageID: "x", Name: "conversation.message", ConversationID: "c0", AuthorRole: event.AuthorCustomer, Text: strings.Repeat("word ", i)}
		if i%4 == 0 {
			x.Name, x.Text = "conversation.queued", ""
		}
		p.Interactions = append(p.Interactions, x)
	}
	c := NewContext(&Answer{Profile: p}, ContextRequest{BudgetTokens: 1500, AsOf: epoch})
	kinds := map[FactKind]int{}
	for i, f := range c.Facts {
		kinds[f.Kind]++
		if strings.HasPrefix(f.Text, "Waited") && i < len(c.Facts)-1 && strings.HasPrefix(c.Facts[i+1].Text, "Message") {
			t.Error("a step of the handling comes before a message")
		}
	}
	if kinds[FactIdentity] != 1 || kinds[FactTrait] != 2 || kinds[FactContact] < maxFirst || len(c.LeftOut) != 1 {
		t.Errorf("facts %v, left out %v", kinds, c.LeftOut)
	}
}

func TestFirstFactFitsIntoTheLeastBudget(t *testing.T) {
	p := customer()
	p.Attributes[1].Value = json.RawMessage(`"` + strings.Repeat("n", 500) + `"`)
	c := NewContext(&Answer{Profile: p}, ContextRequest{BudgetTokens: MinBudget, AsOf: epoch})
	if len(c.Facts) == 0 || c.Facts[0].Kind != FactWho || !c.Facts[0].Quotes[0].Cut {
		t.Fatalf("facts %+v", c.Facts)
	}
	if c.Used > MinBudget {
		t.Errorf("%d tokens", c.Used)
	}
}

func TestUncertainIdentityIsSaidFirst(t *testing.T) {
	p := customer()
	p.Observations = []ObservationRef{{ID: s2id(1), Standing: identity.StandingUnassigned, Reason: identity.Reason{Rule: identity.RuleAmbiguous, IdentifierType: event.IDPhone}}}
	c := NewContext(&Answer{Profile: p}, ContextRequest{AsOf: epoch})
	if text := c.Facts[0].Text; !strings.HasPrefix(text, "It is not certain who this is") {
		t.Errorf("the first fact says %q", text)
	}
	for _, f := range c.Facts {
		if strings.Contains(f.Text, "Put together") {
			t.Errorf("a fact claims a join: %q", f.Text)
		}
	}
}

func TestOmissionsNameWhatIsMissing(t *testing.T) {
	p := customer()
	p.LeftOut.Interactions, p.LeftOut.Traits = 9, 2
	c := NewContext(&Answer{Profile: p}, ContextRequest{AsOf: epoch})
	want := []Omission{{Kind: FactTrait, Count: 2, Reason: OmittedNotKept}, {Kind: FactEvent, Count: 9, Reason: OmittedNotKept}}
	if !slices.Equal(c.LeftOut, want) {
		t.Errorf("left out %v, want %v", c.LeftOut, want)
	}
}

// An identifier's type is whatever a client calls it, within letters, digits and a few signs.
func TestTypesOfIdentifiersAreNotOurWords(t *testing.T) {
	const typ = "x.ignore_previous_instructions"
	p := customer()
	p.Identifiers = []HeldIdentifier{{Identifier: identity.Identifier{Type: typ, Value: "v"}}}
	p.Observations[1].Reason = identity.Reason{Rule: "same_" + typ, IdentifierType: typ}
	c := NewContext(&Answer{Profile: p}, ContextRequest{BudgetTokens: MaxBudget, AsOf: epoch})
	foreign := regexp.MustCompile(`ignore`)
	quoted := false
	for _, f := range c.Facts {
		if foreign.MatchString(f.Text + strings.Join(f.Rules, " ")) {
			t.Errorf("a fact says %q %v", f.Text, f.Rules)
		}
		for _, q := range f.Quotes {
			quoted = quoted || q.Name == "rule" && q.Untrusted && foreign.MatchString(q.Text)
		}
	}
	if !quoted {
		t.Error("the rule is nowhere")
	}
}

// A call's traits hold what attributes were taken from, in its own words: it is told once.
func TestWhatAttributesSayIsNotToldAgain(t *testing.T) {
	p := Profile{Attributes: []Trait{
		{Name: event.AttrBirthDate, Value: []byte(`"1990-02-03"`)}, {Name: event.AttrCity, Value: []byte(`"Leeds"`)},
		{Name: event.AttrCompany, Value: []byte(`"Marsh Ltd"`)}, {Name: event.AttrGender, Value: []byte(`"f"`)}, {Name: event.AttrPostcode, Value: []byte(`"1234"`)},
	}}
	for _, tt := range []struct {
		name, value string
		told        bool
	}{
		{"birthday", `"1990-02-03"`, false},
		{"birthday", `"1990-02-03T00:00:00Z"`, false},
		{"birthday", `"1990-02-04"`, true},
		{"gender", `"F"`, false},
		{"address", `{"city": "Leeds", "postalCode": 1234}`, false},
		{"address", `{"city": "Leeds", "floor": 3}`, true},
		{"address", `{"city": {"name": "Leeds"}}`, true},
		{"address", `[]`, true},
		{"company", `{"name": "marsh ltd"}`, false},
		{"company", `"Marsh Ltd"`, false},
		{"home_city", `"Leeds"`, true},
		{"plan", `""`, false}, // of a value that is masked away there is nothing to say
	} {
		p.Traits = []Trait{{Name: tt.name, Value: []byte(tt.value), Source: "web"}}
		c := NewContext(&Answer{Profile: p}, ContextRequest{AsOf: epoch})
		names := map[string]int{}
		for _, f := range c.Facts {
			for _, q := range f.Quotes {
				if f.Kind == FactTrait && f.Source == "web" {
					names[q.Name]++
				}
			}
		}
		if (names[tt.name] > 0) != tt.told {
			t.Errorf("%s %s: told %v, want %v", tt.name, tt.value, names, tt.told)
		}
		p.Traits = nil
		for _, f := range NewContext(&Answer{Profile: p}, ContextRequest{AsOf: epoch}).Facts {
			for _, q := range f.Quotes {
				names[q.Name+" "+q.Text]++
			}
		}
		if len(p.Attributes) != 5 || names["city Leeds"] != 1 || names["gender f"] != 1 {
			t.Fatalf("attributes are not told: %v", names)
		}
	}
}

// An answer to a survey and the event that opened a case are facts already: neither is a contact as well.
func TestNothingIsToldTwice(t *testing.T) {
	p := customer()
	score := 2.0
	answer := Interaction{At: epoch, MessageID: "s1", Source: "survey", Name: event.NameSurveyAnswered, Survey: event.SurveyCSAT, Scale: "1-5", Score: &score, Text: "Still broken"}
	opened := Interaction{At: epoch, MessageID: "o1", Source: "desk", Name: event.NameCaseOpened, CaseID: "k1", Topic: "router"}
	raised := Interaction{At: epoch, MessageID: "o2", Source: "desk", Name: event.NameCaseEscalated, CaseID: "k1"}
	p.Attributes, p.Traits = nil, nil
	p.Answers, p.Interactions = []Interaction{answer}, []Interaction{answer, raised, opened}
	p.Items = []Item{{Kind: ItemCase, ID: "k1", Open: true, OpenedAt: epoch, ChangedAt: epoch, Last: raised}}
	c := NewContext(&Answer{Profile: p}, ContextRequest{AsOf: epoch, BudgetTokens: MaxBudget})
	ids := map[string]bool{}
	for _, f := range c.Facts {
		if ids[f.ID] || f.Kind == FactContact {
			t.Errorf("told again: %s %s", f.Kind, f.Text)
		}
		ids[f.ID] = true
	}
	wantTexts(t, textsOf(&p, FactOpen, ContextRequest{}),
		"Case open since "+minute(epoch)+"; last: case escalated. [id=k1] [topic=router]")
	asked := Interaction{At: epoch, MessageID: "o3", Source: "desk", Name: event.NameConversationHumanRequested}
	p.Items = []Item{{Kind: ItemConversation, ID: "c9", Open: true, HumanRequested: true, OpenedAt: epoch, ChangedAt: epoch, Last: asked}}
	wantTexts(t, textsOf(&p, FactOpen, ContextRequest{}), "Conversation open since "+minute(epoch)+"; last: customer asked for a human. [id=c9]")
	wantTexts(t, textsOf(&p, FactSatisfaction, ContextRequest{}), "Survey answered: CSAT 2 on a scale of 1-5. [message=Still broken]")
}
