package driver_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tributary/ingest/event"
	"tributary/journeys/driver"
)

// keeper is a service that keeps labels, and reads no conversations.
func keeper(t *testing.T) *driver.Service {
	t.Helper()
	return newWorld(t).service
}

func TestLabelsAreListedOnPages(t *testing.T) {
	s := keeper(t)
	topics := []string{"billing/refund", "billing/charge", "unknown", "product/outage"}
	runs := 0
	rapid.Check(t, func(t *rapid.T) {
		runs++
		workspace := fmt.Sprint("w", runs)
		want := map[driver.Label]bool{}
		for i := range rapid.IntRange(1, 30).Draw(t, "labels") {
			l := driver.Label{Source: rapid.SampledFrom([]string{"desk", "desk-2", "a"}).Draw(t, "source"), ConversationID: fmt.Sprint("c/", i), Topic: rapid.SampledFrom(topics).Draw(t, "topic")}
			if err := s.Label(t.Context(), workspace, []driver.Label{l}); err != nil {
				t.Fatal(err)
			}
			want[l] = true
		}
		request := driver.LabelsRequest{Limit: rapid.IntRange(1, 7).Draw(t, "limit"), Topic: rapid.SampledFrom(slices.Concat(topics, []string{""})).Draw(t, "of")}
		for l := range want {
			if request.Topic != "" && l.Topic != request.Topic {
				delete(want, l)
			}
		}
		n := 0
		for {
			page, err := s.Labels(workspace, request)
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range page.Labels {
				if n++; !want[l] {
					t.Fatalf("%+v is not asked for, or there twice", l)
				}
				delete(want, l)
			}
			if request.Cursor = page.NextCursor; request.Cursor == "" {
				break
			}
			if len(page.Labels) != request.Limit {
				t.Fatalf("a page of %d", len(page.Labels))
			}
		}
		if len(want) > 0 {
			t.Fatalf("after %d labels these are missing: %v", n, want)
		}
	})
	var faults event.Errors
	if _, err := s.Labels("acme", driver.LabelsRequest{Topic: "no", Limit: 1001, Cursor: "!"}); !errors.As(err, &faults) || len(faults) != 3 {
		t.Error(err)
	}
}

func TestTopicsAreATree(t *testing.T) {
	s := keeper(t)
	for i, topic := range []string{"billing/refund", "billing/refund", "billing/charge", "unknown"} {
		if err := s.Label(t.Context(), "acme", []driver.Label{{Source: "desk", ConversationID: fmt.Sprint(i), Topic: topic}}); err != nil {
			t.Fatal(err)
		}
	}
	a, err := s.Topics("acme")
	if err != nil {
		t.Fatal(err)
	}
	labels, group := map[string]int{}, ""
	for _, line := range a.Topics {
		labels[line.ID] = line.Labels
		switch {
		case line.Parent == "":
			if group = line.ID; strings.Contains(group, "/") || len(line.Words.English) > 0 {
				t.Errorf("a group: %+v", line)
			}
		case line.Parent != group || !strings.HasPrefix(line.ID, group+"/") || len(line.Words.English) == 0 || len(line.Words.Chinese) == 0:
			t.Errorf("below %s: %+v", group, line)
		case line.ID == "billing/refund" && (!slices.Contains(line.Words.English, "refund") || !slices.Contains(line.Words.Chinese, "退款")):
			t.Errorf("%+v", line)
		}
	}
	if len(labels) != len(a.Topics) || len(labels) < 30 || labels["billing"] != 3 || labels["billing/refund"] != 2 || labels["delivery"] != 0 || a.Unknown != 1 {
		t.Errorf("%d lines, %v, %d unknown", len(a.Topics), labels, a.Unknown)
	}
}
