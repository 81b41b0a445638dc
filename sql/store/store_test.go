package store_test

import (
	"os"
	"testing"

	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
	"tributary/sql/storetest"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// embedded is the engine in this process.
func embedded(tb testing.TB) storetest.Engine {
	engine := chdbtest.Engine(tb)
	return storetest.Engine{
		Options: func() *clickhouse.Options { return chdb.Options(engine, "") },
		Kill:    engine.Kill,
	}
}

// TestStore runs the suite on the embedded engine, and on a server when the environment names one.
func TestStore(t *testing.T) {
	t.Run("embedded", func(t *testing.T) { storetest.Run(t, embedded(t)) })
	dsn := os.Getenv("TRIBUTARY_CLICKHOUSE_DSN")
	if dsn == "" {
		return
	}
	t.Run("server", func(t *testing.T) {
		storetest.Run(t, storetest.Engine{Options: func() *clickhouse.Options {
			options, err := clickhouse.ParseDSN(dsn)
			if err != nil {
				t.Fatal("TRIBUTARY_CLICKHOUSE_DSN is no DSN")
			}
			options.Auth.Database = ""
			return options
		}})
	})
}
