package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/api/auth"
	"tributary/ingest/event"
)

// BenchmarkMCP asks for the context of a customer by its route and by its tool, one after the other, so that both meet
// the same machine: what the protocol adds to a call. All of the server but the network.
func BenchmarkMCP(b *testing.B) {
	w := newWorld(b)
	var events []*event.Event
	for i := range 200 {
		source := fmt.Sprintf("source%d", i%5)
		cx := &event.CX{ConversationID: fmt.Sprintf("c%d", i/10), AuthorRole: event.AuthorCustomer, Text: "Where is my parcel? It was meant to come on Tuesday."}
		events = append(events, w.event(i, source, "conversation.message", cx, id(event.IDUser, "u1"), id(source+".contact_id", "x")))
	}
	w.put(events...)
	key := w.key(auth.KindRead, "acme")
	const message = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_context","arguments":{"customer":"user_id:u1"}}}`
	ask := func(method, path, body string) time.Duration {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+key)
		r.Header.Set("Content-Type", "application/json")
		answer := httptest.NewRecorder()
		start := time.Now()
		w.api.Handler().ServeHTTP(answer, r)
		took := time.Since(start)
		if answer.Code != http.StatusOK || strings.Contains(answer.Body.String(), "isError") {
			b.Fatalf("answers %d: %s", answer.Code, answer.Body)
		}
		return took
	}
	var route, tool []time.Duration
	for b.Loop() {
		route = append(route, ask(http.MethodGet, "/v1/profiles/user_id:u1/context", ""))
		tool = append(tool, ask(http.MethodPost, "/mcp", message))
	}
	slices.Sort(route)
	slices.Sort(tool)
	for _, at := range []struct {
		name string
		of   int
	}{{"p50", 50}, {"p99", 99}} {
		n := len(route) * at.of / 100
		b.ReportMetric(float64(route[n].Microseconds()), "REST-"+at.name+"-µs")
		b.ReportMetric(float64((tool[n] - route[n]).Microseconds()), "added-"+at.name+"-µs")
		b.ReportMetric(float64(tool[n])/float64(route[n]), "MCP/REST-"+at.name)
	}
}
