package chdb

import (
	"fmt"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2"
	chtype "github.com/ClickHouse/clickhouse-go/v2/lib/column"
	block "github.com/ClickHouse/clickhouse-go/v2/lib/proto"
)

// helloSQL is what clickhouse-go asks first on every connection.
const helloSQL = "SELECT displayName(), version(), revision(), timezone()"

// hello answers helloSQL. The driver decodes this one result at its own protocol revision, and every
// later one at the revision that it finds in here: 0, which is how the engine writes Native.
func hello(version, timezone string) ([]byte, error) {
	var b block.Block
	for _, column := range []struct{ name, kind string }{
		{"displayName()", "String"}, {"version()", "String"}, {"revision()", "UInt32"}, {"timezone()", "String"},
	} {
		if err := b.AddColumn(column.name, chtype.Type(column.kind)); err != nil {
			return nil, fmt.Errorf("build hello block: %w", err)
		}
	}
	if err := b.Append("chdb", version, uint32(0), timezone); err != nil {
		return nil, fmt.Errorf("build hello block: %w", err)
	}
	var buf proto.Buffer
	if err := b.Encode(&buf, clickhouse.ClientTCPProtocolVersion); err != nil {
		return nil, fmt.Errorf("build hello block: %w", err)
	}
	return buf.Buf, nil
}
