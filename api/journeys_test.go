package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"tributary/ingest/event"
	"tributary/journeys/flow"
	"tributary/journeys/report"
	"tributary/profiles/analysis"
	"tributary/sql/store"
)

// oneTraveller is reports about one person.
type oneTraveller struct{ *world }

func (o oneTraveller) about() (report.About, error) {
	if o.noStore {
		return report.About{}, fmt.Errorf("query: %w", store.ErrGone)
	}
	return report.About{Definition: "test 1", Scope: report.Request{From: "2026-03-01"}, AsOf: epoch}, nil
}

func (o oneTraveller) Funnel(ctx context.Context, _ string, r flow.FunnelRequest) (*flow.Funnel, error) {
	if o.slow {
		<-ctx.Done()
		return nil, fmt.Errorf("query: %w", store.ErrGone) // as a driver may put it
	}
	about, err := o.about()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, err
	case r.From == "":
		return nil, event.Errors{{Field: "from", Reason: "is required"}, {Field: "steps", Reason: "must be 2 to 20 steps"}}
	case r.Filter.Segment == "nobody":
		return nil, fmt.Errorf("read segment: %w", analysis.ErrNoSegment)
	}
	return &flow.Funnel{About: about, Order: flow.Ordered, Steps: []flow.StepCount{{Name: "a", People: 1}}, Untrusted: []string{}}, nil
}

func (o oneTraveller) FunnelPeople(context.Context, string, flow.FunnelPeopleRequest) (*flow.People, error) {
	return o.people()
}

func (o oneTraveller) RetentionPeople(context.Context, string, flow.RetentionPeopleRequest) (*flow.People, error) {
	return o.people()
}

func (o oneTraveller) PathsPeople(context.Context, string, flow.PathsPeopleRequest) (*flow.People, error) {
	return o.people()
}

func (o oneTraveller) BetweenPeople(context.Context, string, flow.BetweenPeopleRequest) (*flow.People, error) {
	return o.people()
}

func (o oneTraveller) Retention(context.Context, string, flow.RetentionRequest) (*flow.Retention, error) {
	about, err := o.about()
	return &flow.Retention{About: about, By: flow.Week, Cohorts: []flow.Cohort{{Begins: "2026-03-02", People: 1, Cells: []flow.Cell{{People: 1, Share: 1}}}}}, err
}

func (o oneTraveller) Paths(context.Context, string, flow.PathsRequest) (*flow.Paths, error) {
	about, err := o.about()
	return &flow.Paths{About: about, By: flow.ByName, Nodes: []flow.Node{{Name: "a", People: 1, Ends: 1}}, Links: []flow.Link{}, Untrusted: []string{}}, err
}

func (o oneTraveller) Names(context.Context, string, flow.NamesRequest) (*flow.Names, error) {
	about, err := o.about()
	return &flow.Names{About: about, Events: []flow.Name{{Name: "a", Type: "track", Events: 1, People: 1, Channels: []string{"web"}, Sources: []string{"shop"}}}, Untrusted: []string{}}, err
}

func (o oneTraveller) Between(context.Context, string, flow.BetweenRequest) (*flow.Between, error) {
	about, err := o.about()
	return &flow.Between{About: about, Pairs: flow.FirstPair, Starts: 1, Histogram: []flow.Bin{}}, err
}

func (o oneTraveller) people() (*flow.People, error) {
	about, err := o.about()
	if err != nil {
		return nil, err
	}
	return &flow.People{About: about, People: []flow.Person{{
		Profile: uuid.UUID{15: 1}, At: []time.Time{epoch}, Events: []flow.Ref{{Source: "marksource", MessageID: "m-1"}},
	}}}, nil
}

func TestReportsTellEveryFault(t *testing.T) {
	w := newWorld(t)
	key := w.keyFor("analytics", "human")
	answer := w.do(http.MethodPost, "/v1/journeys/funnel", key, `{}`)
	if faults := faultsOf(answer); answer.Code != http.StatusBadRequest || len(faults) != 2 {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
	if answer := w.do(http.MethodPost, "/v1/journeys/funnel", key, `{"from":"2026-03-01","filter":{"segment":"nobody"}}`); answer.Code != http.StatusBadRequest {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
	w.noStore = true
	if answer := w.do(http.MethodPost, "/v1/journeys/funnel", key, `{"from":"2026-03-01"}`); answer.Code != http.StatusServiceUnavailable {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
}

// TestReportsHaveTheirOwnTime: by REST and by MCP a report may take longer than a request, and one that took too long says what
// to ask for less of.
func TestReportsHaveTheirOwnTime(t *testing.T) {
	w := newWorld(t)
	key, march := w.keyFor("analytics", "human"), map[string]any{"from": "2026-03-01"}
	w.api.Timeout, w.api.ReportTimeout = time.Nanosecond, time.Hour
	w.decoded(w.do(http.MethodPost, "/v1/journeys/funnel", key, `{"from":"2026-03-01"}`), http.StatusOK)
	if a := w.tool(key, "ask_funnel", march); a.refused {
		t.Errorf("by MCP: %s", a.text)
	}
	w.slow, w.api.Timeout, w.api.ReportTimeout = true, time.Hour, time.Millisecond
	answer := w.decoded(w.do(http.MethodPost, "/v1/journeys/funnel", key, `{"from":"2026-03-01"}`), http.StatusGatewayTimeout)
	if detail := fmt.Sprint(answer["detail"]); !strings.Contains(detail, "1ms") || !strings.Contains(detail, "ask for a shorter time") {
		t.Errorf("is told %q", detail)
	}
	if a := w.tool(key, "ask_funnel", march); !a.refused || a.content["detail"] != answer["detail"] {
		t.Errorf("by MCP: %s", a.text)
	}
}
