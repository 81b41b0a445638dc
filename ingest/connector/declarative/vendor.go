package declarative

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"tributary/ingest/connector/mapping"
)

// contextOfSamples is of expressions over samples, which are few.
var contextOfSamples = context.Background()

// vendor acts out the API that a file describes, over samples: its credentials, streams, dates and paging.
type vendor struct {
	*File
	settings map[string]string
	records  map[string][]json.RawMessage
	size     int
}

// ServeHTTP answers one page.
func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !v.authorized(r) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	for i := range v.Pull.Streams {
		s := &v.Pull.Streams[i]
		if r.Method == s.Method && r.URL.Path == v.path(s) {
			v.page(w, r, s)
			return
		}
	}
	w.WriteHeader(http.StatusNotFound)
}

func (v *vendor) path(s *Stream) string {
	return placeholder.ReplaceAllStringFunc(s.Path, func(name string) string { return v.settings[strings.Trim(name, "{}")] })
}

func (v *vendor) authorized(r *http.Request) bool {
	switch a := &v.Pull.Auth; {
	case a.Bearer != "":
		return r.Header.Get("Authorization") == "Bearer "+v.settings[a.Bearer]
	case a.Basic != nil:
		user, password, _ := r.BasicAuth()
		return user == v.settings[a.Basic.User] && (a.Basic.Password == "" || password == v.settings[a.Basic.Password])
	case a.Header != nil:
		return r.Header.Get(a.Header.Name) == a.Header.Prefix+v.settings[a.Header.Secret]
	case a.Query != nil:
		return r.URL.Query().Get(a.Query.Name) == a.Query.Prefix+v.settings[a.Query.Secret]
	}
	return true
}

// params are the parameters of a request, of the query or the body.
func params(r *http.Request) map[string]string {
	all := map[string]string{}
	for name, values := range r.URL.Query() {
		all[name] = values[0]
	}
	var body map[string]any
	if r.Method == http.MethodPost && json.NewDecoder(r.Body).Decode(&body) == nil {
		for name, value := range body {
			if text, err := mapping.Text(value); err == nil {
				all[name] = text
			}
		}
	}
	return all
}

// where is what tokens and addresses carry: they go on after a record, whatever the list became.
const where = "after"

func (v *vendor) page(w http.ResponseWriter, r *http.Request, s *Stream) {
	asked := params(r)
	list := v.since(s, asked)
	from := v.from(s, list, asked)
	to := min(len(list), from+v.size)
	answer := answerOf(v.items[s.Name], list[from:to])
	if to < len(list) {
		last := list[to-1]
		token := v.changed(s.Name, last).Format(time.RFC3339Nano) + " " + identity(last)
		next := *r.URL
		query := next.Query()
		query.Set(where, token)
		next.RawQuery = query.Encode()
		next.Scheme, next.Host = "http", r.Host
		switch y := &s.Paging; {
		case y.Cursor != nil:
			put(answer, keysOf(y.Cursor.From), token)
		case y.Next != "":
			put(answer, keysOf(y.Next), next.String())
		case y.Link:
			w.Header().Add("Link", fmt.Sprintf(`<%s>; rel="first", <%s>; rel="next"`, r.URL.Path, next.String()))
		}
	}
	if s.Paging.More != "" {
		put(answer, keysOf(s.Paging.More), to < len(list))
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer.value) // a client that is gone is its own affair
}

// since is the stream's records from the date asked for on, in the order of their change.
func (v *vendor) since(s *Stream, asked map[string]string) []json.RawMessage {
	list := slices.Clone(v.records[s.Name])
	if s.Since == nil {
		return list
	}
	slices.SortStableFunc(list, func(a, b json.RawMessage) int { return v.changed(s.Name, a).Compare(v.changed(s.Name, b)) })
	if s.Since.Param == "" || asked[s.Since.Param] == "" {
		return list
	}
	from := s.Since.read(asked[s.Since.Param])
	return slices.DeleteFunc(list, func(record json.RawMessage) bool { return v.changed(s.Name, record).Before(from) })
}

// from is where in the list the page begins.
func (v *vendor) from(s *Stream, list []json.RawMessage, asked map[string]string) int {
	token := asked[where]
	switch y := &s.Paging; {
	case y.Cursor != nil:
		token = asked[y.Cursor.Param]
	case y.Page != nil:
		n, _ := strconv.Atoi(asked[y.Page.Param])
		return min(len(list), max(0, n-y.Page.First)*v.size)
	case y.Offset != nil:
		n, _ := strconv.Atoi(asked[y.Offset.Param])
		return min(len(list), max(0, n))
	}
	if token == "" {
		return 0
	}
	stamp, id, _ := strings.Cut(token, " ")
	at, _ := time.Parse(time.RFC3339Nano, stamp)
	for i, record := range list {
		changed := v.changed(s.Name, record)
		if identity(record) == id {
			return i + 1
		}
		if changed.After(at) {
			return i
		}
	}
	return len(list)
}

// identity is a record's hash, for want of a name.
func identity(record json.RawMessage) string {
	return strconv.FormatUint(xxhash.Sum64(record), 36)
}
