package node

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"

	"tributary/journeys/cx"
)

// asked is a report as it is asked for.
type asked struct {
	route string // as api/routes.go has it
	path  string // with query parameters; empty: that of the route
	body  string // of a POST; SPAN stands for the members from and until
	shows merge
	// detail: a breakdown of one that stands beside it; it is not asked for while people are merged.
	detail bool
}

// merge is what a merge does to a report.
type merge int

const (
	changes   merge = iota // it shows it
	mayChange              // as it happens: who is merged may be in none of its numbers
	stays                  // who is who makes no difference to it
)

// The span that reports are asked for begins in the midst of the company's history and ends with it.
const (
	reportsFrom  = "2025-03-20"
	reportsUntil = "2025-06-01"
)

// reports are all reports that there are, but for those of the registry of metrics; see metricReports. Lists are asked for in pages that
// hold all of a list.
var reports = []asked{
	{route: "POST /v1/journeys/funnel", body: `{SPAN,"steps":[{"types":["page"]},{"events":["conversation.started"]},{"events":["conversation.ended"]}]}`},
	{route: "POST /v1/journeys/funnel", body: `{SPAN,"zone":"Europe/Berlin","steps":[{"types":["page","screen"]},{"events":["conversation.started"]}],"window":"3d","order":"strict","breakdown":"event.source"}`},
	{route: "POST /v1/journeys/funnel", body: `{SPAN,"filter":{"segment":"contacts"},"steps":[{"types":["page"]},{"events":["conversation.started"]}],"order":"any"}`},
	{route: "POST /v1/journeys/funnel/people", body: `{SPAN,"limit":1000,"steps":[{"types":["page"]},{"events":["conversation.started"]},{"events":["conversation.ended"]}],"step":2}`},
	{route: "POST /v1/journeys/funnel/people", body: `{SPAN,"limit":1000,"steps":[{"types":["page"]},{"events":["conversation.started"]}],"step":1,"dropped":true}`},
	{route: "POST /v1/journeys/retention", body: `{SPAN,"born":{"types":["page","screen"]},"returns":{"types":["track"]},"by":"week"}`},
	{route: "POST /v1/journeys/retention/people", body: `{SPAN,"limit":1000,"born":{"types":["page","screen"]},"returns":{"types":["track"]},"by":"month","cohort":"2025-04-01","period":1}`},
	{route: "POST /v1/journeys/paths", body: `{SPAN,"starts":{"types":["page"]},"by":"name_channel"}`},
	{route: "POST /v1/journeys/paths", body: `{SPAN,"ends":{"events":["conversation.abandoned","case.opened"]},"top":30}`},
	{route: "POST /v1/journeys/paths", body: `{SPAN,"starts":{"types":["page"]},"ends":{"events":["conversation.ended"]},"by":"channel"}`},
	{route: "POST /v1/journeys/paths/people", body: `{SPAN,"limit":1000,"starts":{"types":["page"]},"by":"channel","at":[{"position":1,"none_of":["voice"]}]}`},
	{route: "POST /v1/journeys/events", body: `{SPAN,"limit":1000}`, shows: mayChange},
	{route: "POST /v1/journeys/paths/people", body: `{SPAN,"limit":1000,"starts":{"types":["page"]},"by":"channel","path":["web"]}`},
	{route: "POST /v1/journeys/time-between", body: `{SPAN,"starts":{"events":["invoice.issued"]},"ends":{"events":["invoice.paid"]},"pairs":"every"}`},
	{route: "POST /v1/journeys/time-between", body: `{SPAN,"starts":{"events":["conversation.started"]},"ends":{"events":["conversation.ended"]}}`},
	{route: "POST /v1/journeys/time-between/people", body: `{SPAN,"limit":1000,"starts":{"events":["conversation.started"]},"ends":{"events":["conversation.ended"]}}`},
	{route: "POST /v1/journeys/time-between/people", body: `{SPAN,"limit":1000,"starts":{"types":["page"]},"ends":{"events":["conversation.started"]},"unended":true}`},
	{route: "POST /v1/journeys/repeat-contacts", body: `{SPAN}`},
	{route: "POST /v1/journeys/repeat-contacts", body: `{SPAN,"days":2,"filter":{"channels":["voice"]}}`},
	{route: "POST /v1/journeys/repeat-contacts/people", body: `{SPAN,"limit":500,"of":{"all":true}}`},
	{route: "POST /v1/journeys/contacts", body: `{SPAN,"limit":200}`},
	{route: "POST /v1/journeys/contacts/people", body: `{SPAN,"limit":500}`},
	{route: "POST /v1/journeys/friction", body: `{SPAN,"limit":200}`},
	{route: "POST /v1/journeys/friction/people", body: `{SPAN,"limit":500}`},
	{route: "POST /v1/journeys/drivers", body: `{"from":"2025-05-01","until":"2025-05-15"}`, shows: mayChange},
	{route: "POST /v1/journeys/drivers/people", body: `{"from":"2025-05-01","until":"2025-05-15","limit":200}`, shows: mayChange},
	{route: "POST /v1/journeys/drivers/examples", body: `{"from":"2025-05-01","until":"2025-05-15","each":3}`, shows: mayChange},
	{route: "GET /v1/journeys/topics", shows: stays},
	{route: "POST /v1/journeys/forecast", body: `{SPAN,"grain":"day","horizon":7,"by":["channel"],"limit":3}`, shows: mayChange},
	{route: "POST /v1/journeys/effect", body: `{SPAN,"exposure":"repeat_contact","days":7}`, shows: mayChange},
	{route: "POST /v1/journeys/effect/people", body: `{SPAN,"exposure":"repeat_contact","days":7}`, shows: mayChange},
	{route: "POST /v1/journeys/use-cases", body: `{SPAN}`, shows: mayChange},
	{route: "POST /v1/journeys/use-cases/people", body: `{SPAN}`, shows: mayChange},
	{route: "GET /v1/metrics", shows: stays},
	{route: "POST /v1/query", body: `{"max_rows":100000,"sql":"SELECT source, message_id, name, at, observation, profile FROM events ORDER BY source, message_id"}`},
	{route: "POST /v1/query", body: `{"max_rows":100000,"sql":"SELECT * FROM conversations ORDER BY conversation_id"}`},
	// How many events a profile has, and when, is as of its last publication: a merge is one, an event that says nothing of who it is of is none.
	{route: "POST /v1/query", body: `{"max_rows":100000,"sql":"SELECT profile, observations, traits, attributes FROM profiles ORDER BY profile"}`},
	// Since when they are in it is since the last change: a split is one.
	{route: "POST /v1/query", body: `{"max_rows":100000,"sql":"SELECT profile, segment FROM segments ORDER BY profile, segment"}`},
	// Who was moved and came back stays listed, as its own profile.
	{route: "POST /v1/query", body: `{"max_rows":100000,"sql":"SELECT observation, profile FROM identities WHERE observation != profile ORDER BY observation"}`},
}

// notReports are routes beside those of reports that answer no question about many.
var notReports = map[string]bool{
	"POST /v1/journeys/labels": true, "GET /v1/journeys/labels": true, "POST /v1/metrics/targets": true, "GET /v1/metrics/targets": true, "DELETE /v1/metrics/targets/:target": true,
}

// metricReports asks every metric of the registry: over the span, by week and a dimension, each metric by another one, with what it was
// made of, and AI against human where it can be.
func metricReports() (list []asked) {
	span := "?from=" + reportsFrom + "&until=" + reportsUntil
	all := "/v1/metrics/values" + span + "&whole=true&before=true"
	for i, m := range cx.Metrics() {
		path, shows := "/v1/metrics/"+m.ID, mayChange
		all += "&metric=" + m.ID
		if strings.HasPrefix(m.ID, "repeat_contact_rate") || strings.HasPrefix(m.ID, "fcr") {
			shows = changes // they are about who comes again
		}
		list = append(list,
			asked{route: "GET /v1/metrics/:id", path: path + span, shows: shows},
			asked{route: "GET /v1/metrics/:id", path: path + span + "&grain=week&by=" + string(m.By[i%len(m.By)]), detail: true},
			asked{route: "GET /v1/metrics/:id/events", path: path + "/events" + span + "&limit=" + fmt.Sprint(cx.MaxItems), shows: mayChange})
		if m.Comparable {
			list = append(list, asked{route: "GET /v1/metrics/:id/comparison", path: path + "/comparison" + span, shows: mayChange})
		}
	}
	return append(list, asked{route: "GET /v1/metrics/values", path: all, shows: changes})
}

// String names it in what a test says.
func (a *asked) String() string {
	_, path, _ := strings.Cut(a.route, " ")
	return fmt.Sprintf("%.160s", cmp.Or(a.path, path)+" "+a.body)
}

// pinnable says whether it can be asked by an earlier version of who is who.
func (a *asked) pinnable() bool {
	return a.route != "GET /v1/metrics" && a.route != "GET /v1/journeys/topics" && a.route != "POST /v1/query" && !strings.Contains(a.body, "segment")
}

func (a *asked) method() string {
	if a.body == "" {
		return http.MethodGet
	}
	return http.MethodPost
}
