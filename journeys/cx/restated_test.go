package cx_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"tributary/ingest/event"
	"tributary/journeys/cx"
	"tributary/journeys/report"
	"tributary/sql/store"
	"tributary/sql/storetest"
)

// decide is join, on record: what identity_as_of goes by.
func (w *world) decide(workspace string, who, whose, version uint64) {
	w.Helper()
	w.join(workspace, who, whose, version)
	w.offset++
	row := &store.IdentityDecisionRow{
		Place: store.Place{LogOffset: w.offset}, Workspace: workspace, Version: version, Kind: store.DecisionAssigned,
		Observation: storetest.Observation(who), Profile: storetest.Observation(whose), DecidedAt: now,
	}
	if err := store.Insert(w.Context(), w.bench.Store, store.IdentityDecisions, []*store.IdentityDecisionRow{row}, ""); err != nil {
		w.Fatal(err)
	}
}

// restated are metrics that depend on who is who, or on what came late.
var restated = []string{"fcr", "fcr_any_topic", "repeat_contact_rate", "aht_contact", "speed_of_answer_median", "ai_silent_failure", "csat", "nps", "reopen_rate", "backlog"}

// TestPublishedNumbersCanBeToldAgain: numbers are published while two are taken for one person; then they are split, two others are
// merged, and events of those days come late. Asked for by the identity_version and as_of that were published with them, each is what
// it was, interval and sample included; asked for as of now it is another.
func TestPublishedNumbersCanBeToldAgain(t *testing.T) {
	w := newWorld(t)
	w.put("acme", slices.Concat(march(), surveysOfMarch(), casesOfMarch())...)
	w.decide("acme", 3, 2, 1)
	published := map[string]*cx.Answer{}
	for _, metric := range restated {
		q := cx.Question{Metric: metric, Scope: scope("acme"), By: cx.ByChannel, Grain: cx.GrainWeek}
		q.Scope.KnownAt = day0.AddDate(0, 0, 40)
		published[metric] = w.ask(q)
	}
	compared, err := w.reader.Compare(t.Context(), "fcr_any_topic", known(40))
	if err != nil {
		t.Fatal(err)
	}

	w.decide("acme", 3, 3, 2)
	w.decide("acme", 2, 1, 3)
	late := slices.Concat(march(), surveysOfMarch(), casesOfMarch())
	for i := range late { // everything once more, an hour later and of person 1, received in May
		s := &late[i]
		s.id, s.who, s.at, s.received = "late-"+s.id, 1, s.at.Add(time.Hour), day0.AddDate(0, 0, 60)
		for _, id := range []*string{&s.ConversationID, &s.SurveyID, &s.CaseID, &s.AboutConversationID} {
			if *id != "" {
				*id += "-late"
			}
		}
	}
	w.put("acme", late...)

	for _, metric := range restated {
		was := published[metric]
		q := cx.Question{Metric: metric, Scope: scope("acme"), By: cx.ByChannel, Grain: cx.GrainWeek}
		if present := w.ask(q); reflect.DeepEqual(present.Points, was.Points) || present.IdentityVersion != 3 {
			t.Errorf("%s is what it was, at version %d, so that nothing is proven: %v", metric, present.IdentityVersion, lines(present))
		}
		q.Scope.IdentityAsOf, q.Scope.KnownAt = was.IdentityVersion, was.AsOf
		if again := w.ask(q); !reflect.DeepEqual(again.Points, was.Points) || again.Sample != was.Sample {
			t.Errorf("%s told again:\n%v, published\n%v", metric, lines(again), lines(was))
		}
	}
	then := known(40)
	then.IdentityAsOf = compared.IdentityVersion
	again, err := w.reader.Compare(t.Context(), "fcr_any_topic", then)
	if err != nil || !reflect.DeepEqual(again.Series, compared.Series) || again.Sample != compared.Sample {
		t.Errorf("the comparison told again: %+v, %v; published %+v", again, err, compared)
	}
}

// known is the scope as it was known some days after its first.
func known(days int) report.Scope {
	s := scope("acme")
	s.KnownAt = day0.AddDate(0, 0, days)
	return s
}

// TestMetricsOfASegment: of people who are in it alone, and by all of their contacts.
func TestMetricsOfASegment(t *testing.T) {
	w := newWorld(t)
	w.put("acme", slices.Concat(march(), surveysOfMarch())...)
	w.confine("acme", map[uint64][]string{1: {"both", "vip"}, 2: {"both"}, 99: {"nobody"}})
	for _, c := range []struct {
		metric, segment string
		want            []string
	}{
		{"fcr", "vip", []string{"|plain 1/2 of 2, 0 immature"}},             // c1 and c8; c2 follows c1
		{"repeat_contact_rate", "vip", []string{"| 1/3 of 3, 0 immature"}},  // c1, c2, c8
		{"repeat_contact_rate", "both", []string{"| 1/4 of 4, 0 immature"}}, // and c3
		{"aht_contact", "both", []string{"| 470/2 of 2, 0 immature"}},       // c2, c3
		{"nps", "vip", []string{"|relationship -1/1 of 1, 0 immature"}},
		{"csat", "vip", []string{"|1-5 0/1 of 1, 0 immature"}},
		{"ai_containment", "nobody", []string{}},
	} {
		q := cx.Question{Metric: c.metric, Scope: scope("acme")}
		q.Scope.Segment = c.segment
		if got := lines(w.ask(q)); !slices.Equal(got, c.want) {
			t.Errorf("%s of %s: %q, want %q", c.metric, c.segment, got, c.want)
		}
	}
	q := cx.ItemQuestion{Question: cx.Question{Metric: "repeat_contact_rate", Scope: scope("acme")}}
	q.Scope.Segment, q.Scope.Channels = "vip", []string{string(event.ChannelVoice)}
	page, err := w.reader.Items(t.Context(), q)
	if err != nil || len(page.Items) != 1 || page.Items[0].ID != "c2" || page.Items[0].Counts != 1 {
		t.Errorf("on the phone: %+v, %v; want c2, which follows a chat", page, err)
	}
}
