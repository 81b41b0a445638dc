package admin_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/api/admin"
	"tributary/api/problem"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles/unify"
)

// bad appends records that cannot be applied: rejected ones of web, and broken events of shop.
func (s *server) bad(web, shop int) (places []string) {
	s.Helper()
	var records []stream.Record
	for i := range web {
		records = append(records, stream.Record{
			Kind: stream.KindRejected, Workspace: "acme", Source: "web", MessageID: fmt.Sprint("r-", i), ReceivedAt: epoch.AddDate(0, 0, -i%2),
			Value: []byte(`{"reason":"invalid","field":"event","payload":{"type":"track","userId":"u-1"}}`),
		})
	}
	for i := range shop {
		records = append(records, stream.Record{
			Kind: stream.KindEvent, Workspace: "acme", Source: "shop", MessageID: fmt.Sprint("s-", i), ReceivedAt: epoch, Value: []byte(`{`),
		})
	}
	at, err := s.log.Append(context.Background(), records)
	s.must(err)
	s.settle()
	for _, p := range at {
		places = append(places, admin.Place{Position: p}.String())
	}
	return places
}

func TestQuarantineIsCountedAndSelected(t *testing.T) {
	s, ctx := newServer(t), context.Background()
	s.bad(5, 2)
	day, before := epoch.UTC().Format(time.DateOnly), epoch.AddDate(0, 0, -1).UTC().Format(time.DateOnly)
	counts, err := s.CountItems(ctx, admin.ItemQuery{Workspace: "acme"})
	s.must(err)
	want := []admin.ItemCount{
		{Day: day, Source: "shop", Stage: "unify", Reason: "not_json", Status: "open", Items: 2},
		{Day: day, Source: "web", Stage: "gateway", Reason: "invalid", Status: "open", Items: 3},
		{Day: before, Source: "web", Stage: "gateway", Reason: "invalid", Status: "open", Items: 2},
	}
	if !slices.Equal(counts, want) {
		t.Errorf("counts %v, want %v", counts, want)
	}
	for name, c := range map[string]struct {
		q    admin.ItemQuery
		want int
	}{
		"all":      {admin.ItemQuery{}, 7},
		"source":   {admin.ItemQuery{Source: "web"}, 5},
		"reason":   {admin.ItemQuery{Reason: "not_json"}, 2},
		"since":    {admin.ItemQuery{Since: epoch}, 5},
		"until":    {admin.ItemQuery{Until: epoch}, 2},
		"both":     {admin.ItemQuery{Since: epoch, Until: epoch.Add(time.Millisecond), Source: "web"}, 3},
		"nowhere":  {admin.ItemQuery{Since: epoch.Add(time.Second)}, 0},
		"replayed": {admin.ItemQuery{Status: "replayed"}, 0},
	} {
		c.q.Workspace = "acme"
		page, err := s.ListItems(ctx, c.q)
		if s.must(err); len(page.Items) != c.want {
			t.Errorf("%s: %d items, want %d", name, len(page.Items), c.want)
		}
	}
}

func TestSelectionIsRehearsedThenDone(t *testing.T) {
	s, ctx := newServer(t), context.Background()
	places := admin.Places{Workspace: "acme", Places: s.bad(2, 1)}
	for range 2 { // to rehearse changes nothing
		would, err := s.RehearseItems(ctx, places)
		s.must(err)
		if len(would) != 3 || would[0].NowReason != "not_replayable" || would[2] != (admin.Change{Place: places.Places[2], Source: "shop", Reason: "not_json", Now: "quarantined", NowReason: "not_json"}) {
			t.Fatalf("would be %+v", would)
		}
	}
	now, err := s.ReplayItems(ctx, places)
	s.must(err)
	if len(now) != 3 || now[0].NowReason != "not_replayable" || now[2].NowReason != "not_json" {
		t.Errorf("now %+v", now)
	}
	if commands, err := s.ListItems(ctx, admin.ItemQuery{Workspace: "acme", Source: unify.CommandSource}); err != nil || len(commands.Items) != 0 {
		t.Errorf("commands in the quarantine: %+v, %v", commands.Items, err)
	}
	now, err = s.DiscardItems(ctx, places)
	if s.must(err); len(now) != 3 || now[0].Now != "discarded" || now[2].Now != "discarded" {
		t.Errorf("now %+v", now)
	}
	if now, err = s.DiscardItems(ctx, places); err != nil || len(now) != 0 {
		t.Errorf("a second time: %+v, %v", now, err)
	}
	var d *problem.Document
	for name, p := range map[string]admin.Places{
		"workspace": {Places: places.Places}, "places[1]": {Workspace: "acme", Places: []string{places.Places[0], "x"}},
		"places": {Workspace: "acme", Places: make([]string, admin.MaxPlaces+1)},
	} {
		if _, err := s.ReplayItems(ctx, p); !errors.As(err, &d) || d.Errors[0].Field != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCorrectionInEitherForm(t *testing.T) {
	s, ctx := newServer(t), context.Background()
	places := s.bad(3, 0)
	shown, err := s.ShowItem(ctx, "acme", places[0])
	s.must(err)
	// What was shown, put right.
	call := strings.Replace(shown.Payload, `"type":"track"`, `"type":"track","event":"order.placed"`, 1)
	item, err := s.ReplayItem(ctx, "acme", places[0], []byte(call))
	if s.must(err); item.Status != "replayed" {
		t.Errorf("a corrected call is %+v", item)
	}
	own := `{"message_id":"mine","type":"track","name":"order.placed","identifiers":[{"type":"user_id","value":"u-1"}]}`
	item, err = s.ReplayItem(ctx, "acme", places[1], []byte(own))
	if s.must(err); item.Status != "replayed" {
		t.Errorf("an event is %+v", item)
	}
	report, err := s.Reconcile(ctx, admin.AccountQuery{Workspace: "acme", Source: "web"})
	s.must(err)
	if web := report.Sources[0]; web.Received != 3 || web.Stored != 2 || web.Quarantined != 1 || report.Unbalanced() != "" || len(web.Days) != 2 {
		t.Errorf("account %+v", web)
	}
	for name, c := range map[string]struct{ body, field string }{
		"still wrong":    {`{"type":"track","userId":"u-1"}`, "event"},
		"another source": {`{"message_id":"m","source":"shop","type":"track","name":"n"}`, "source"},
		"every fault":    {`{"message_id":"m","workspace":"x","type":"dance"}`, "workspace"},
		"no object":      {`[]`, "body"},
		"misnamed":       {`{"message_id":"m","type":"track","nome":"n"}`, "name"},
	} {
		var d *problem.Document
		if _, err := s.ReplayItem(ctx, "acme", places[2], []byte(c.body)); !errors.As(err, &d) || d.Status != http.StatusBadRequest || len(d.Errors) == 0 || d.Errors[0].Field != c.field {
			t.Errorf("%s: %v", name, err)
		}
	}
	if item, err = s.ShowItem(ctx, "acme", places[2]); err != nil || item.Status != "open" || item.Payload == "" {
		t.Errorf("after bad corrections %+v, %v", item, err)
	}
}

func TestExpectedFiguresOverTheSocket(t *testing.T) {
	s, ctx := newServer(t), context.Background()
	s.bad(2, 0)
	count := uint64(5)
	figure := admin.Figure{Workspace: "acme", Source: "web", Day: epoch.UTC().Format(time.DateOnly), Count: &count, Note: "page views"}
	s.must(s.Expect(ctx, figure))
	q := admin.AccountQuery{Workspace: "acme", Source: "web"}
	report, err := s.Reconcile(ctx, q)
	s.must(err)
	if e := report.Sources[0].Expected; e == nil || e.String() != "4 missing here" || e.Note != "page views" {
		t.Errorf("expected %+v", e)
	}
	figure.Count = nil
	s.must(s.Expect(ctx, figure))
	if report, err = s.Reconcile(ctx, q); err != nil || report.Sources[0].Expected != nil {
		t.Errorf("taken back: %+v, %v", report.Sources[0].Expected, err)
	}
	var d *problem.Document
	figure.Day, figure.Source = "tomorrow", "Web"
	if err := s.Expect(ctx, figure); !errors.As(err, &d) || d.Errors[0].Field != "day" {
		t.Errorf("a bad day gives %v", err)
	}
	figure.Day, figure.Count = "2026-03-01", &count
	if err := s.Expect(ctx, figure); !errors.As(err, &d) || !strings.Contains(d.Detail, "source: must be") {
		t.Errorf("a bad source gives %v", err)
	}
	if _, err := s.Reconcile(ctx, admin.AccountQuery{Workspace: "acme", Source: "nobody"}); !errors.As(err, &d) || d.Status != http.StatusNotFound {
		t.Errorf("an unknown source gives %v", err)
	}
	if _, err := s.Reconcile(ctx, admin.AccountQuery{Since: "2026-03-02", Until: "2026-03-01"}); !errors.As(err, &d) || d.Errors[0].Field != "until" {
		t.Errorf("days in the wrong order give %v", err)
	}
}

// TestMessageIDsOfCorrections: without an id of its own a correction is named by its item.
func TestMessageIDsOfCorrections(t *testing.T) {
	s, ctx := newServer(t), context.Background()
	places := s.bad(1, 0)
	_, err := s.ReplayItem(ctx, "acme", places[0], []byte(`{"type":"track","event":"E","userId":"u"}`))
	s.must(err)
	e := &event.Event{Workspace: "acme", Source: "web", MessageID: "corrected-" + places[0], Type: event.TypeTrack, Name: "E"}
	e.Stamp(epoch, time.Time{}, epoch)
	value, err := event.Encode(e)
	s.must(err)
	_, err = s.log.Append(ctx, []stream.Record{{Kind: stream.KindEvent, Workspace: "acme", Source: "web", MessageID: e.MessageID, ReceivedAt: epoch, Value: value}})
	s.must(err)
	s.settle()
	report, err := s.Reconcile(ctx, admin.AccountQuery{Workspace: "acme", Source: "web"})
	if s.must(err); report.Sources[0].Duplicate != 1 {
		t.Errorf("account %+v", report.Sources[0])
	}
}
