package consent_test

import (
	"testing"

	"go.uber.org/goleak"

	"tributary/sql/chdb/chdbtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(chdbtest.M{M: m}) }
