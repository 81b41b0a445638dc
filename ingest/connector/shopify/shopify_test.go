package shopify

import (
	"testing"

	"tributary/ingest/connector/kit"
)

func TestConformance(t *testing.T) { kit.Run(t, Subject()) }
