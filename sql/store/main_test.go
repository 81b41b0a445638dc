package store_test

import (
	"testing"

	"tributary/sql/chdb/chdbtest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(chdbtest.M{M: m}) }
