package connect

import (
	"testing"

	"tributary/ingest/connector/kit"
)

func TestKit(t *testing.T) { kit.Run(t, Subject()) }
