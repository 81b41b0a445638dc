package store_test

import (
	"testing"

	"tributary/sql/chdb/chdbtest"
)

func TestMain(m *testing.M) { chdbtest.Main(m) }
