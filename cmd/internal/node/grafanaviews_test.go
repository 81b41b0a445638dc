package node

import (
	"flag"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"testing"
	"time"

	"tributary/journeys/cx"
	statements "tributary/sql"
	"tributary/sql/store"
)

// grafana is the folder of the dashboards; there is no Go in it.
const grafana = "../../../deploy/grafana/"

var writeViews = flag.Bool("grafana", false, "write the views of deploy/grafana from sql/queries/cx")

// metricViews are the statements of sql/queries/cx that dashboards read.
var metricViews = []string{"contacts", "surveys", "resolutions", "slas", "backlog"}

const viewsHead = `-- What dashboards read of the metrics of one workspace: @WORKSPACE@ stands for its name, @RESTRICTED@ for the observations and profiles, as
-- 'id', 'id', of people whose use is restricted. Each view is the statement of sql/queries/cx of its name. since and until are the span
-- shown; as much is read before and after it as the metrics need. Made by ` + "`go test ./cmd/internal/node -run GrafanaViews -grafana`" + `.
`

// metricViewsSQL makes the views of the statements that the registry of metrics asks, so that there is one definition of each.
func metricViewsSQL(t *testing.T) string {
	t.Helper()
	around := func(length time.Duration) (since, until string) {
		of := strconv.FormatInt(length.Milliseconds(), 10)
		return "toInt64(toUnixTimestamp({since:DateTime})) * 1000 - " + of, "toInt64(toUnixTimestamp({until:DateTime})) * 1000 + " + of
	}
	text := viewsHead
	for _, name := range metricViews {
		sql, err := fs.ReadFile(statements.Queries, path.Join("queries", "cx", name+".sql"))
		if err != nil {
			t.Fatal(err)
		}
		since, until := around(cx.Reach)
		nearSince, nearUntil := around(cx.Near)
		if name == "backlog" { // what was opened at any time may be open
			since = strconv.FormatInt(store.MinTime.UnixMilli(), 10)
		}
		bound := strings.NewReplacer(
			"{workspace:String}", "'@WORKSPACE@'",
			"{read_since:Int64}", since,
			"{read_until:Int64}", until,
			"{near_since:Int64}", nearSince,
			"{near_until:Int64}", nearUntil,
			"{known_at:Int64}", "toUnixTimestamp64Milli(now64(3))",
			"{identity_as_of:UInt64}", "0",
			"{restricted:Array(UUID)}", "[@RESTRICTED@]",
		)
		comment, statement := leadingComment(strings.TrimSpace(string(sql)))
		if name == "surveys" {
			statement = cx.AboutConversations(statement)
		}
		comment, statement = bound.Replace(comment), bound.Replace(statement)
		text += "\n" + comment + "CREATE OR REPLACE VIEW `grafana_@WORKSPACE@_" + name + "` DEFINER = tributary_grafana_views SQL SECURITY DEFINER AS\n" + statement + ";\n"
	}
	return text
}

// leadingComment parts the comment that a statement begins with from it.
func leadingComment(sql string) (comment, statement string) {
	for strings.HasPrefix(sql, "--") {
		line, rest, _ := strings.Cut(sql, "\n")
		comment, sql = comment+line+"\n", rest
	}
	return comment, sql
}

// TestGrafanaViewsAreThoseOfTheMetrics has the file be what the statements make of it.
func TestGrafanaViewsAreThoseOfTheMetrics(t *testing.T) {
	file, want := grafana+"clickhouse/metrics.sql", metricViewsSQL(t)
	if *writeViews {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what sql/queries/cx says: go test ./cmd/internal/node -run GrafanaViews -grafana", file)
	}
}

// viewsOf are the statements that make the views of a workspace, as whoever runs them in the embedded engine: it has no other user.
func viewsOf(t *testing.T, workspace string) (list []string) {
	t.Helper()
	for _, name := range []string{"metrics", "sources"} {
		text, err := os.ReadFile(grafana + "clickhouse/" + name + ".sql")
		if err != nil {
			t.Fatal(err)
		}
		sql := strings.NewReplacer("@WORKSPACE@", workspace, "@RESTRICTED@", "", "DEFINER = tributary_grafana_views", "DEFINER = CURRENT_USER").Replace(string(text))
		for _, part := range strings.Split(sql, ";\n") {
			if strings.Contains(part, "CREATE") {
				list = append(list, part)
			}
		}
	}
	return list
}
