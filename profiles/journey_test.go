package profiles

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles/consent"
)

// textsOf are the sentences of a kind.
func textsOf(p *Profile, kind FactKind, r ContextRequest) (texts []string) {
	r.BudgetTokens, r.AsOf = MaxBudget, epoch.Add(time.Hour)
	for _, f := range NewContext(&Answer{Profile: *p}, r).Facts {
		if f.Kind == kind {
			text := f.Text
			for _, q := range f.Quotes {
				text += " [" + q.Name + "=" + q.Text + "]"
			}
			texts = append(texts, text)
		}
	}
	return texts
}

func wantTexts(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestWhereItHurtIsToldFromWhatIsKept(t *testing.T) {
	at := func(m int) time.Time { return epoch.Add(time.Duration(m) * time.Minute) }
	p := customer()
	p.Interactions = []Interaction{ // newest first
		{At: at(50), MessageID: "9", Name: event.NameInvoicePaymentFailed},
		{At: at(40), MessageID: "8", Name: event.NameInvoicePaymentFailed},
		{At: at(31), MessageID: "7", Name: event.NameConversationAnswered, ConversationID: "c2", Channel: event.ChannelVoice},
		{At: at(20), MessageID: "6", Name: event.NameConversationQueued, ConversationID: "c2", Channel: event.ChannelVoice},
		{At: at(19), MessageID: "5", Name: event.NameConversationStarted, ConversationID: "c2", Channel: event.ChannelChat, Topic: "Router"},
		{At: at(5), MessageID: "4", Name: event.NameConversationTransferred, ConversationID: "c1"},
		{At: at(4), MessageID: "3", Name: event.NameConversationTransferred, ConversationID: "c1"},
		{At: at(1), MessageID: "1", Name: event.NameConversationStarted, ConversationID: "c1", Channel: event.ChannelEmail, Topic: "router "},
	}
	wantTexts(t, textsOf(&p, FactJourney, ContextRequest{}),
		"In touch 2 times about one topic, since 2026-03-01, by chat and by e-mail. [topic=router ]",
		"One matter went on by telephone and by chat. [topic=c2]",
		"Waited for an agent once, up to 11 minutes.",
		"Was passed on to another agent or team 2 times.",
		"A payment failed 2 times.",
	)
	p.LeftOut.Interactions = 1
	if texts := textsOf(&p, FactJourney, ContextRequest{}); texts[4] != "A payment failed at least 2 times." {
		t.Errorf("with events that are not kept it says %q", texts[4])
	}
	p.Interactions = p.Interactions[6:]
	wantTexts(t, textsOf(&p, FactJourney, ContextRequest{}))
}

func TestQuestionsFollowFromWhatIsMissing(t *testing.T) {
	p := customer()
	p.Items = nil
	p.Traits[2].Others = 1
	wantTexts(t, textsOf(&p, FactQuestion, ContextRequest{Ask: []string{"email", "phone", "crm.contact"}}),
		"Ask for one of these, to be surer who this is: the e-mail, the telephone or an id that a source has given. [identifier_type=crm.contact]",
		"Sources say different things of the customer; ask which is right. [plan=pro]",
	)
	c := NewContext(&Answer{Profile: p}, ContextRequest{BudgetTokens: MinBudget, AsOf: epoch, Ask: []string{"email"}})
	if len(c.Facts) < 2 || c.Facts[1].Text != "Ask for the e-mail, to be surer who this is." {
		t.Errorf("what makes it surer who this is does not come second: %+v", c.Facts)
	}
	p.Traits, p.Attributes, p.Identifiers = nil, nil, nil
	p.Interactions = []Interaction{{At: epoch, Name: event.NameConversationEnded, ConversationID: "c", Resolution: event.ResolutionAssumed, Topic: "bill"}}
	wantTexts(t, textsOf(&p, FactQuestion, ContextRequest{}),
		"Ask whether the matter of the last conversation is settled: the customer has not confirmed it. [topic=bill]",
		"Ask for the name: it is not known.",
		"Ask where the customer can be reached: no e-mail and no telephone is known.",
	)
	hidden := ContextRequest{Hidden: func(class string) bool { return class == "identity" || class == "contact" }}
	if texts := textsOf(&p, FactQuestion, hidden); len(texts) != 1 {
		t.Errorf("what the reader may not see is taken for missing: %v", texts)
	}
}

func TestSatisfactionHasATrend(t *testing.T) {
	p := customer()
	for i, score := range []float64{5, 4, 2, 1} { // newest first
		p.Answers = append(p.Answers, Interaction{At: epoch.Add(-time.Duration(i) * time.Hour), MessageID: string(rune('a' + i)), Survey: event.SurveyCSAT, Scale: "1-5", Score: &score})
	}
	if texts := textsOf(&p, FactSatisfaction, ContextRequest{}); texts[0] != "Satisfaction rises: mean 4.5 in the last 2 answers, 1.5 in the first 2 answers (CSAT, scale of 1-5)." {
		t.Errorf("it says %q", texts[0])
	}
	p.Answers = p.Answers[:3]
	for _, text := range textsOf(&p, FactSatisfaction, ContextRequest{}) {
		if strings.Contains(text, "mean") {
			t.Errorf("three answers are a trend: %q", text)
		}
	}
}

func TestMissingConsentMeansNo(t *testing.T) {
	p := customer()
	wantTexts(t, textsOf(&p, FactConsent, ContextRequest{}))
	nothing := consent.Project([]consent.Register{{Subject: consent.Contact(identity.Identifier{Type: "email", Value: "a@example.com"})}}, epoch)
	wantTexts(t, textsOf(&p, FactConsent, ContextRequest{Consent: nothing}), "Nothing is on record of any consent, and that means no.")
}

func TestConfidenceSaysWhy(t *testing.T) {
	p := customer()
	p.Traits[0].Others = 3
	confidence := func(asOf time.Time, kind FactKind, quote string) (Confidence, []string) {
		for _, f := range NewContext(&Answer{Profile: p}, ContextRequest{BudgetTokens: MaxBudget, AsOf: asOf}).Facts {
			if f.Kind == kind && (quote == "" || slices.ContainsFunc(f.Quotes, func(q Quote) bool { return q.Name == quote })) {
				return f.Confidence, f.Why
			}
		}
		t.Fatalf("no fact of %s %s", kind, quote)
		return "", nil
	}
	check := func(name string, asOf time.Time, kind FactKind, quote string, want Confidence, why ...string) {
		t.Helper()
		if got, because := confidence(asOf, kind, quote); got != want || !slices.Equal(because, why) {
			t.Errorf("%s: %s %v, want %s %v", name, got, because, want, why)
		}
	}
	check("joined by what is likely", epoch, FactWho, "", Likely, WhyIdentityInferred)
	p.Observations[2].Reason.Rule = "same_user_id"
	check("joined by shared ids", epoch, FactWho, "", Certain)
	check("sources that differ", epoch, FactTrait, "city", Uncertain, WhySourcesDiffer)
	check("half a year", epoch.AddDate(0, 8, 0), FactTrait, "plan", Likely, WhyOld)
	check("two years", epoch.AddDate(3, 0, 0), FactTrait, "plan", Uncertain, WhyVeryOld)
	p.Observations = []ObservationRef{{ID: s2id(1), Standing: identity.StandingUnassigned}}
	check("one of several", epoch, FactWho, "", Uncertain, WhyIdentityUnsure)
}
