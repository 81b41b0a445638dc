package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"tributary/api/auth"
	"tributary/api/policy"
	"tributary/ingest/event"
	"tributary/journeys/cx"
	"tributary/journeys/report"
)

// someMeasures are metrics of one person, with the marks of classes; they refuse what is asked from nowhen.
type someMeasures struct{}

func found(metric string, from string) error {
	if _, ok := cx.Find(metric); !ok {
		return cx.ErrNoMetric
	}
	return fromWhen(from)
}

func (someMeasures) Metric(_ context.Context, _, metric string, r cx.Request) (*cx.Answer, error) {
	m, _ := cx.Find(metric)
	about := report.About{Definition: m.Formula, Sample: report.Sample{People: 1, Events: 2}}
	return &cx.Answer{About: about, Metric: m, Grain: r.Grain, By: r.By, Untrusted: []string{}, Points: []cx.Point{{Sample: 2}}}, found(metric, r.From)
}

func (s someMeasures) Values(ctx context.Context, workspace string, metrics []string, r cx.Request) ([]*cx.Answer, error) {
	answers := []*cx.Answer{}
	for _, metric := range metrics {
		answer, err := s.Metric(ctx, workspace, metric, r)
		if err != nil {
			return nil, event.Errors{{Field: "metric", Reason: err.Error()}}
		}
		answers = append(answers, answer)
	}
	return answers, fromWhen(r.From)
}

func (someMeasures) Comparison(_ context.Context, _, metric string, r report.Request) (*cx.Comparison, error) {
	m, _ := cx.Find(metric)
	return &cx.Comparison{Metric: m, Stratification: cx.Stratification{By: []string{}}, Untrusted: []string{}, Series: []cx.SeriesPair{}}, found(metric, r.From)
}

func (someMeasures) MetricItems(_ context.Context, _, metric string, r cx.ItemRequest) (*cx.Items, error) {
	item := cx.Item{ID: marks[policy.ClassConversation], Source: "marksource", Profile: contacting, Events: []cx.Event{{Source: "marksource", Name: "conversation.started"}}}
	m, _ := cx.Find(metric)
	return &cx.Items{Metric: m, Untrusted: []string{}, Items: []cx.Item{item}}, found(metric, r.From)
}

func TestMetricsOverHTTP(t *testing.T) {
	w := newWorld(t)
	read, write := w.key(auth.KindRead, "acme"), w.key(auth.KindWrite, "acme")
	for path, want := range map[string]struct {
		status int
		holds  string
	}{
		"/v1/metrics": {http.StatusOK, `"id":"fcr_any_topic"`},
		"/v1/metrics/csat?from=2026-03-01&by=channel":                                      {http.StatusOK, `"sample":{"people":1,"events":2}`},
		"/v1/metrics/values?metric=csat&metric=fcr&from=2026-03-01&whole=true&before=true": {http.StatusOK, `"id":"fcr"`},
		"/v1/metrics/values?metric=bliss&from=2026-03-01":                                  {http.StatusBadRequest, `"metric`},
		"/v1/metrics/values?metric=csat&from=2026-03-01&before=perhaps":                    {http.StatusBadRequest, `"before"`},
		"/v1/metrics/csat": {http.StatusBadRequest, `"from"`},
		"/v1/metrics/csat?from=2026-03-01&colour=red": {http.StatusBadRequest, `not known`},
		"/v1/metrics/bliss?from=2026-03-01":           {http.StatusNotFound, `GET /v1/metrics`},
		"/v1/metrics/fcr/comparison?from=2026-03-01":  {http.StatusOK, `"series":[]`},
		"/v1/metrics/fcr/events?from=2026-03-01":      {http.StatusOK, contacting.String()},
	} {
		answer := w.do(http.MethodGet, path, read, "")
		if answer.Code != want.status || !strings.Contains(answer.Body.String(), want.holds) {
			t.Errorf("%s: %d %s", path, answer.Code, answer.Body)
		}
		if refused := w.do(http.MethodGet, path, write, ""); refused.Code != http.StatusForbidden {
			t.Errorf("%s with a write key: %d", path, refused.Code)
		}
	}
}

// TestDocumentListsTheMetrics: what a model may ask for is what there is.
func TestDocumentListsTheMetrics(t *testing.T) {
	var d struct {
		Components struct {
			Parameters struct {
				Metric struct {
					Schema struct {
						Enum []string `yaml:"enum"`
					} `yaml:"schema"`
				} `yaml:"metric"`
			} `yaml:"parameters"`
		} `yaml:"components"`
	}
	if err := yaml.Unmarshal(openAPI, &d); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, m := range cx.Metrics() {
		ids = append(ids, m.ID)
	}
	if !slices.Equal(ids, d.Components.Parameters.Metric.Schema.Enum) {
		t.Errorf("the document lists %v, there are %v", d.Components.Parameters.Metric.Schema.Enum, ids)
	}
}
