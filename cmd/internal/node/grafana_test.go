package node

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tributary/journeys/cx"
)

// dashboard is what is read of a dashboard's JSON.
type dashboard struct {
	UID        string   `json:"uid"`
	Title      string   `json:"title"`
	Panels     []*panel `json:"panels"`
	Templating struct {
		List []struct {
			Name  string          `json:"name"`
			Type  string          `json:"type"`
			Query json.RawMessage `json:"query"`
		} `json:"list"`
	} `json:"templating"`
}

type panel struct {
	ID          int      `json:"id"`
	Type        string   `json:"type"`
	Title       string   `json:"title"`
	Targets     []target `json:"targets"`
	GridPos     place    `json:"gridPos"`
	FieldConfig struct {
		Defaults  struct{ Unit string } `json:"defaults"`
		Overrides []struct {
			Matcher    struct{ ID, Options string } `json:"matcher"`
			Properties []struct {
				ID    string
				Value any
			} `json:"properties"`
		} `json:"overrides"`
	} `json:"fieldConfig"`
}

type place struct{ X, Y, W, H int }

// target is a query of a panel: RawSQL of ClickHouse, Expr of Prometheus.
type target struct {
	RefID      string `json:"refId"`
	Datasource struct{ Type, UID string }
	EditorType string `json:"editorType"`
	QueryType  string `json:"queryType"`
	Format     int    `json:"format"` // of the plug-in: 0 is a time series, 1 a table
	RawSQL     string `json:"rawSql"`
	Expr       string `json:"expr"`
}

func dashboards(t *testing.T) (list []*dashboard) {
	t.Helper()
	files, err := filepath.Glob(grafana + "dashboards/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no dashboards: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		d := &dashboard{}
		if err := json.Unmarshal(text, d); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if d.UID != "tributary-"+strings.TrimSuffix(filepath.Base(file), ".json") {
			t.Errorf("%s has the uid %s", file, d.UID)
		}
		list = append(list, d)
	}
	return list
}

// TestGrafanaDashboardsAreWhole has each be what Grafana expects of one: ids that are unique, panels that do not lie on each other, queries
// that say how they are edited and answered.
func TestGrafanaDashboardsAreWhole(t *testing.T) {
	for _, d := range dashboards(t) {
		for i, p := range d.Panels {
			where := fmt.Sprintf("%s, panel %d %q", d.Title, p.ID, p.Title)
			if p.GridPos.X < 0 || p.GridPos.X+p.GridPos.W > 24 || p.GridPos.W < 1 || p.GridPos.H < 1 {
				t.Errorf("%s lies outside of the 24 columns: %+v", where, p.GridPos)
			}
			for _, o := range d.Panels[:i] {
				if o.ID == p.ID || p.GridPos.meets(o.GridPos) {
					t.Errorf("%s has the id of %q, or lies on it", where, o.Title)
				}
			}
			if (p.Title == "" || len(p.Targets) == 0) && p.Type != "text" && p.Type != "row" {
				t.Errorf("%s has no title or no query", where)
			}
			for _, q := range p.Targets {
				q.check(t, where)
			}
		}
	}
}

func (a place) meets(b place) bool {
	return a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H
}

func (q *target) check(t *testing.T, where string) {
	t.Helper()
	switch q.Datasource.Type {
	case "prometheus":
		if q.Datasource.UID != "${prometheus}" || q.Expr == "" {
			t.Errorf("%s: %s asks nothing, or one Prometheus alone", where, q.RefID)
		}
	case "grafana-clickhouse-datasource":
		format := map[string]int{"timeseries": 0, "table": 1}
		if want, ok := format[q.QueryType]; !ok || q.Format != want || q.EditorType != "sql" || q.Datasource.UID != "${clickhouse}" {
			t.Errorf("%s: %s says %s, %s, format %d", where, q.RefID, q.EditorType, q.QueryType, q.Format)
		}
	default:
		t.Errorf("%s: %s is of %q", where, q.RefID, q.Datasource.Type)
	}
}

// shown is what a dashboard shows at a time: macros and variables are made of it as the plug-in documents.
type shown struct {
	from, to time.Time
	interval time.Duration
	channels []string // empty: all
}

var (
	timeFilter     = regexp.MustCompile(`\$__timeFilter\((\w+)\)`)
	timeInterval   = regexp.MustCompile(`\$__timeInterval\((\w+)\)`)
	conditionalAll = regexp.MustCompile(`\$__conditionalAll\((.*?\)), \$(\w+)\)`)
	left           = regexp.MustCompile(`\$__\w+|\$\{?\w+`)
)

// expand makes the statement that reaches ClickHouse.
func (s *shown) expand(t *testing.T, sql string) string {
	t.Helper()
	from, to := fmt.Sprintf("toDateTime(%d)", s.from.Unix()), fmt.Sprintf("toDateTime(%d)", s.to.Unix())
	sql = conditionalAll.ReplaceAllStringFunc(sql, func(macro string) string {
		if len(s.channels) == 0 {
			return "1=1"
		}
		return conditionalAll.FindStringSubmatch(macro)[1]
	})
	sql = timeFilter.ReplaceAllString(sql, "${1} >= "+from+" AND ${1} <= "+to)
	sql = timeInterval.ReplaceAllString(sql, "toStartOfInterval(toDateTime(${1}), INTERVAL "+strconv.Itoa(int(s.interval.Seconds()))+" second)")
	sql = strings.NewReplacer("$__fromTime", from, "$__toTime", to, "${workspace}", "default",
		"${channel:singlequote}", "'"+strings.Join(s.channels, "','")+"'").Replace(sql)
	if rest := left.FindString(sql); rest != "" {
		t.Fatalf("%s is no macro or variable that is known here: %s", rest, sql)
	}
	return sql
}

// TestGrafana runs every query of every dashboard on a company's history, and holds the numbers that are of a metric against the registry's.
func TestGrafana(t *testing.T) {
	if testing.Short() {
		t.Skip("loads a company of its own")
	}
	c := startCompany(t, 150, withoutClocks)
	c.makeViews("default")
	history := shown{from: dayOf(t, reportsFrom), to: dayOf(t, reportsUntil), interval: 24 * time.Hour}
	today := shown{from: time.Now().Add(-time.Hour), to: time.Now().Add(time.Hour), interval: time.Hour} // when it was all received
	told := map[string]bool{}
	for _, d := range dashboards(t) {
		span := history
		if d.UID == "tributary-sources" {
			span = today
		}
		for _, v := range d.Templating.List {
			var q target
			if v.Type == "query" && json.Unmarshal(v.Query, &q) == nil && q.RawSQL != "" && len(c.rows(span.expand(t, q.RawSQL)).values) == 0 {
				t.Errorf("%s: the variable %s has no values", d.Title, v.Name)
			}
		}
		for _, p := range d.Panels {
			for _, q := range p.Targets {
				if q.RawSQL == "" {
					continue
				}
				where := d.Title + ": " + p.Title
				answer := c.rows(span.expand(t, q.RawSQL))
				if len(answer.values) == 0 {
					t.Errorf("%s has no rows", where)
				}
				c.compare(where, p, &q, answer, told)
				few := span
				few.channels = []string{"chat", "voice"}
				c.rows(few.expand(t, q.RawSQL))
			}
		}
	}
	for _, name := range []string{
		"Contacts", "Customer satisfaction", "Net promoter score", "Customer effort score", "First contact resolution", "Average handle time per contact",
		"AI containment", "AI confirmed resolution", "AI silent failure",
	} {
		if !told[name] {
			t.Errorf("no dashboard tells of %s", name)
		}
	}
	t.Run("prometheus", c.prometheusPanels)
}

// compare holds the columns of an answer that have a metric's name against the registry: value, sample and what is immature, bucket by
// bucket, group by group, series by series.
func (c *company) compare(where string, p *panel, q *target, answer *frame, told map[string]bool) {
	c.t.Helper()
	if (q.QueryType == "timeseries") != answer.has("time") {
		c.t.Errorf("%s is answered with %v", where, answer.columns)
	}
	if answer.has("Contacts") {
		sum := 0.0
		for i := range answer.values {
			sum += answer.number(i, "Contacts")
		}
		for _, x := range c.metricPoints("contacts", "", "") {
			if told["Contacts"] = true; sum != x.value || sum == 0 {
				c.t.Errorf("%s: %g contacts, the registry has %g", where, sum, x.value)
			}
		}
	}
	for _, m := range cx.Metrics() {
		if !answer.has(m.Name) || m.Unit == cx.UnitCount { // contacts are told apart in ways of their own: their sum is what is compared
			continue
		}
		told[m.Name] = true
		if want := grafanaUnits[m.Unit]; p.unit(m.Name) != want {
			c.t.Errorf("%s: %s has the unit %q, not %q", where, m.Name, p.unit(m.Name), want)
		}
		grain, by := "", ""
		if answer.has("time") {
			grain = string(cx.GrainDay)
		}
		for _, d := range m.By {
			if answer.has(string(d)) {
				by = string(d)
			}
		}
		want := c.metricPoints(m.ID, grain, by)
		got := answer.points(&m, by)
		for key := range maps.Keys(want) {
			if w, g := want[key], got[key]; !w.equal(g) {
				c.t.Errorf("%s: %s of %q is %+v, the registry has %+v", where, m.Name, key, g, w)
			}
		}
		if extra := slices.DeleteFunc(slices.Collect(maps.Keys(got)), func(key string) bool { _, ok := want[key]; return ok }); len(extra) > 0 {
			c.t.Errorf("%s: %s has %q, which the registry has not", where, m.Name, extra)
		}
		if len(want) == 0 {
			c.t.Errorf("%s: %s counts nothing", where, m.Name)
		}
	}
}

// grafanaUnits are Grafana's words for the units of metrics.
var grafanaUnits = map[cx.Unit]string{
	cx.UnitShare: "percentunit", cx.UnitSeconds: "s", cx.UnitPoints: "none", cx.UnitCost: "none", cx.UnitCases: "short",
}

// unit is that of a column.
func (p *panel) unit(column string) string {
	unit := p.FieldConfig.Defaults.Unit
	for _, o := range p.FieldConfig.Overrides {
		for _, set := range o.Properties {
			if o.Matcher.ID == "byName" && o.Matcher.Options == column && set.ID == "unit" {
				unit, _ = set.Value.(string)
			}
		}
	}
	return unit
}
