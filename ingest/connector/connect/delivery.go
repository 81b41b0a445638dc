package connect

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/bytedance/sonic"
	"github.com/klauspost/compress/gzip"

	"tributary/ingest/connector"
	"tributary/ingest/event"
)

// wire reads what AWS sends. Strings refer to a copy of the body.
var wire = sonic.Config{CaseSensitive: true, ValidateString: true}.Froze()

// firehose is a delivery of Firehose to an HTTP endpoint, version 1.0.
type firehose struct {
	RequestID string `json:"requestId"`
	Timestamp int64  `json:"timestamp"`
	Records   []struct {
		Data string `json:"data"` // base64
	} `json:"records"`
}

// maxInflated bounds a compressed body or record; Firehose's largest request is 64 MiB.
const maxInflated = 64 << 20

var errBody = errors.New("the body is neither a delivery of Firehose nor JSON objects")

// Decode reads a delivery of Firehose, an event of EventBridge, or the objects of a file, one after the
// other with or without line ends, as Firehose puts them into S3.
func (w *webhook) Decode(r *connector.Request) (connector.Batch, error) {
	body, err := inflate(r.Body)
	if err != nil {
		return connector.Batch{}, err
	}
	if r.Header.Get("X-Amz-Firehose-Request-Id") == "" {
		b := connector.Batch{}
		if err := w.objects(&b, body); err != nil && b.Len() == 0 {
			return b, errBody
		}
		return b, nil
	}
	var f firehose
	if err := wire.UnmarshalFromString(string(body), &f); err != nil || f.RequestID == "" {
		return connector.Batch{}, errBody
	}
	b := connector.Batch{Events: make([]event.Event, 0, 6*len(f.Records))}
	for i, record := range f.Records {
		data, err := base64.StdEncoding.DecodeString(record.Data)
		if err == nil {
			data, err = inflate(data)
		}
		if err == nil {
			err = w.objects(&b, data)
		}
		if err != nil {
			b.Reject("", "records["+strconv.Itoa(i)+"].data", "is not base64 of JSON objects", []byte(record.Data))
		}
	}
	b.Reply = reply(f.RequestID, r.Received.UnixMilli())
	return b, nil
}

// reply is what Firehose takes for success; anything else, even with status 200, is sent again.
func reply(requestID string, millis int64) *connector.Reply {
	return &connector.Reply{
		Status: http.StatusOK, ContentType: "application/json",
		Body: fmt.Appendf(nil, `{"requestId":%s,"timestamp":%d}`, connector.JSON(requestID), millis),
	}
}

// objects decodes JSON objects one after the other. What follows a broken one is part of the error's.
func (w *webhook) objects(b *connector.Batch, text []byte) error {
	if text = bytes.TrimSpace(text); len(text) == 0 {
		return errBody
	}
	if sonic.Valid(text) && text[0] == '{' { // the usual case: one
		w.item(b, text)
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	for {
		at := decoder.InputOffset()
		var raw json.RawMessage
		switch err := decoder.Decode(&raw); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && at == 0:
			return errBody
		case err != nil:
			b.Reject("", "record", "is not JSON, and what follows cannot be read", bytes.TrimSpace(text[at:]))
			return nil //nolint:nilerr // the rest is rejected; what came before it counts
		}
		w.item(b, raw)
	}
}

// inflate undoes GZIP, which Firehose and files may have.
func inflate(text []byte) ([]byte, error) {
	if len(text) < 2 || text[0] != 0x1f || text[1] != 0x8b {
		return text, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		return nil, errBody
	}
	plain, err := io.ReadAll(io.LimitReader(z, maxInflated+1))
	if err != nil || len(plain) > maxInflated {
		return nil, errors.New("the compressed body is damaged or larger than 64 MiB")
	}
	return plain, nil
}
