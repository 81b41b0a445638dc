package node

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"tributary/journeys/cx"
	"tributary/sql/chdb"
	"tributary/sql/store"
)

// makeViews makes the views of a workspace, as whoever runs deploy/grafana/clickhouse does.
func (c *company) makeViews(workspace string) {
	c.t.Helper()
	conn, err := clickhouse.Open(chdb.Options(c.stores.engine.Transport(chdb.PoolDefault), c.config.ClickHouse.Database))
	if err != nil {
		c.t.Fatal(err)
	}
	defer conn.Close()
	for range 2 { // a second time, as after an upgrade
		for _, sql := range viewsOf(c.t, workspace) {
			if err := conn.Exec(c.t.Context(), sql); err != nil {
				c.t.Fatalf("%v: %s", err, sql)
			}
		}
	}
}

// frame is an answer of ClickHouse.
type frame struct {
	columns []string
	values  [][]any // nil, text, time, or a number as float64
}

// rows asks the store as a dashboard does, by a session that can only read.
func (c *company) rows(sql string) *frame {
	c.t.Helper()
	rows, err := c.stores.read.Read(c.t.Context(), store.ReadOnly{SQL: sql})
	if err != nil {
		c.t.Fatalf("%v: %s", err, sql)
	}
	defer rows.Close()
	f := &frame{columns: rows.Columns()}
	for rows.Next() {
		into := make([]any, len(f.columns))
		for i, column := range rows.ColumnTypes() {
			into[i] = reflect.New(column.ScanType()).Interface()
		}
		if err := rows.Scan(into...); err != nil {
			c.t.Fatalf("%v: %s", err, sql)
		}
		for i := range into {
			into[i] = plainValue(reflect.ValueOf(into[i]).Elem())
		}
		f.values = append(f.values, into)
	}
	if err := rows.Err(); err != nil {
		c.t.Fatalf("%v: %s", err, sql)
	}
	return f
}

func plainValue(v reflect.Value) any {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	switch {
	case v.CanInt():
		return float64(v.Int())
	case v.CanUint():
		return float64(v.Uint())
	}
	return v.Interface()
}

func (f *frame) has(column string) bool { return slices.Contains(f.columns, column) }

// value is that of a row; a column that is not there has none.
func (f *frame) value(row int, column string) any {
	if at := slices.Index(f.columns, column); at >= 0 {
		return f.values[row][at]
	}
	return nil
}

func (f *frame) number(row int, column string) float64 {
	n, _ := f.value(row, column).(float64)
	return n
}

// metricPoint is what is compared of a number. A value of nothing is NaN.
type metricPoint struct{ value, sample, immature float64 }

// equal allows for the order in which floats are divided and added.
func (a metricPoint) equal(b metricPoint) bool {
	same := a.value == b.value || math.IsNaN(a.value) && math.IsNaN(b.value) || math.Abs(a.value-b.value) <= 1e-9*math.Abs(a.value)
	return same && a.sample == b.sample && a.immature == b.immature
}

// points are those of a metric by bucket, group and series; what counts nothing is left out.
func (f *frame) points(m *cx.Metric, by string) map[string]metricPoint {
	all := map[string]metricPoint{}
	for i := range f.values {
		p := metricPoint{value: math.NaN(), sample: f.number(i, m.Name+": sample"), immature: f.number(i, "immature")}
		if f.has("sample") {
			p.sample = f.number(i, "sample")
		}
		if v, ok := f.value(i, m.Name).(float64); ok {
			p.value = v
		}
		if m.Unit == cx.UnitCases {
			p.sample = p.value // of a stock they are the same
		}
		if p.sample == 0 {
			continue
		}
		bucket, _ := f.value(i, "time").(time.Time)
		all[pointKey(bucket, f.value(i, by), f.value(i, "series"))] = p
	}
	return all
}

func pointKey(bucket time.Time, group, series any) string {
	if group == nil {
		group = ""
	}
	if series == nil {
		series = ""
	}
	if bucket.IsZero() {
		return fmt.Sprintf("%v|%v", group, series)
	}
	return fmt.Sprintf("%s %v|%v", bucket.UTC().Format(time.DateOnly), group, series)
}

// metricPoints asks the registry for the same. What a table does not tell, how much is immature, is not asked of it.
func (c *company) metricPoints(id, grain, by string) map[string]metricPoint {
	c.t.Helper()
	path := "/v1/metrics/" + id + "?from=" + reportsFrom + "&until=" + reportsUntil + "&grain=" + grain + "&by=" + by
	all := map[string]metricPoint{}
	for _, x := range c.answer(&asked{route: "GET /v1/metrics/:id", path: path}, "")["points"].([]any) {
		p := x.(map[string]any)
		point := metricPoint{value: math.NaN(), sample: p["sample"].(float64), immature: p["immature"].(float64)}
		if v, ok := p["value"].(float64); ok {
			point.value = v
		}
		var bucket time.Time
		if grain != "" {
			bucket, _ = time.Parse(time.RFC3339, p["from"].(string))
		}
		group, _ := p["group"].(string)
		series, _ := p["series"].(string)
		all[pointKey(bucket, group, series)] = point
	}
	return all
}

var (
	promName = regexp.MustCompile(`\b(?:tributary|go|process)_[a-z0-9_]+`)
	promBy   = regexp.MustCompile(`by \(([^)]*)\) \((?:rate\()?((?:tributary|go|process)_[a-z0-9_]+)`)
)

// prometheusPanels has every metric and label that a query names be told by a running server.
func (c *company) prometheusPanels(t *testing.T) {
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url+"/metrics", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]string{} // one series of each name
	for line := range strings.Lines(string(text)) {
		if end := strings.IndexAny(line, "{ "); end > 0 && line[0] != '#' {
			lines[line[:end]] = line
		}
	}
	asked := 0
	for _, d := range dashboards(t) {
		for _, p := range d.Panels {
			for _, q := range p.Targets {
				for _, name := range promName.FindAllString(q.Expr, -1) {
					if asked++; lines[name] == "" {
						t.Errorf("%s: %s: the server tells of no %s", d.Title, p.Title, name)
					}
				}
				for _, by := range promBy.FindAllStringSubmatch(q.Expr, -1) {
					for label := range strings.SplitSeq(by[1], ", ") {
						if label != "instance" && !strings.Contains(lines[by[2]], label+"=") { // instance is the scraper's
							t.Errorf("%s: %s: %s has no label %s", d.Title, p.Title, by[2], label)
						}
					}
				}
			}
		}
	}
	if asked == 0 {
		t.Error("no dashboard asks Prometheus")
	}
}
