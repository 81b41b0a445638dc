package store_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
	"syscall"

	"github.com/ClickHouse/clickhouse-go/v2"
	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
	"tributary/sql/store"
	"tributary/sql/storetest"
)

func TestTmp(t *testing.T) {
	variants := strings.Split(os.Getenv("VARIANTS"), "|")
	for _, v := range variants {
		db := chdbtest.Database(t)
		s, err := store.New(chdb.Options(chdbtest.Engine(t), db), store.Config{})
		if err != nil { t.Fatal(err) }
		if _, err := s.Migrate(t.Context()); err != nil { t.Fatal(err) }
		conn, _ := clickhouse.Open(chdb.Options(chdbtest.Engine(t), db))
		rows := storetest.Rows(1, 20000)
		for _, q := range strings.Split(v, ";") {
			q = strings.TrimSpace(q)
			switch {
			case q == "": 
			case q == "noquery": for _, r := range rows { r.Query = "" }
			case q == "noprops": for _, r := range rows { r.Query = ""; r.Properties="" }
			default: if err := conn.Exec(t.Context(), q); err != nil { t.Fatal(q, err) }
			}
		}
		conn.Exec(t.Context(), "SYSTEM STOP MERGES")
		var best time.Duration = 1<<60
		var sum time.Duration
		for range 5 {
			start := cpu()
			if err := store.Insert(t.Context(), s, store.Events, rows, ""); err != nil { t.Fatal(err) }
			d := cpu()-start; sum += d
			if d < best { best = d }
		}
		var pt string; var files, bytes, rws uint64
		conn.QueryRow(t.Context(), "select any(part_type), any(files), sum(bytes_on_disk), sum(rows) from system.parts where active and database=currentDatabase() and table='events'").Scan(&pt,&files,&bytes,&rws)
		fmt.Printf("%-60s best %6.0f rows/cpu-s  mean %6.0f  %s files=%d bytes/row=%d\n", v, 20000/best.Seconds(), 100000/sum.Seconds(), pt, files, bytes/max(rws,1))
		conn.Exec(t.Context(), "SYSTEM START MERGES")
	}
}

func cpu() time.Duration { var u syscall.Rusage; syscall.Getrusage(0,&u); return time.Duration(u.Utime.Nano()+u.Stime.Nano()) }
