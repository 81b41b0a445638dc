package declarative

import (
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/mapping"
)

// Auth is how requests prove who asks; at most one.
type Auth struct {
	Bearer string `yaml:"bearer"` // the setting with the token
	// Basic: an API that wants a key as the name, and no password, has it as user.
	Basic  *Basic       `yaml:"basic"`
	Header *SecretParam `yaml:"header"`
	Query  *SecretParam `yaml:"query"`
}

func (c *checker) auth(at string, a *Auth) {
	given := 0
	for _, one := range []bool{a.Bearer != "", a.Basic != nil, a.Header != nil, a.Query != nil} {
		if one {
			given++
		}
	}
	if given > 1 {
		c.fault(at, "must be one of bearer, basic, header and query")
	}
	if a.Bearer != "" {
		c.setting(at+".bearer", a.Bearer, connector.KindSecret)
	}
	if a.Basic != nil {
		c.setting(at+".basic.user", a.Basic.User)
		if a.Basic.Password != "" {
			c.setting(at+".basic.password", a.Basic.Password, connector.KindSecret)
		}
	}
	for name, p := range map[string]*SecretParam{"header": a.Header, "query": a.Query} {
		if p == nil {
			continue
		}
		c.setting(at+"."+name+".secret", p.Secret, connector.KindSecret)
		if p.Name == "" {
			c.fault(at+"."+name+".name", "must be given")
		}
	}
}

// secrets are the settings that the credentials are in.
func (a *Auth) secrets() []string {
	var names []string
	if a.Bearer != "" {
		names = append(names, a.Bearer)
	}
	if a.Basic != nil {
		names = append(names, a.Basic.User)
		if a.Basic.Password != "" {
			names = append(names, a.Basic.Password)
		}
	}
	for _, p := range []*SecretParam{a.Header, a.Query} {
		if p != nil {
			names = append(names, p.Secret)
		}
	}
	return names
}

// put puts the credentials onto a request.
func (a *Auth) put(cfg *connector.Config, r *http.Request) {
	switch {
	case a.Bearer != "":
		r.Header.Set("Authorization", "Bearer "+cfg.Text(a.Bearer))
	case a.Basic != nil:
		password := ""
		if a.Basic.Password != "" {
			password = cfg.Text(a.Basic.Password)
		}
		r.SetBasicAuth(cfg.Text(a.Basic.User), password)
	case a.Header != nil:
		r.Header.Set(a.Header.Name, a.Header.Prefix+cfg.Text(a.Header.Secret))
	case a.Query != nil:
		query := r.URL.Query()
		query.Set(a.Query.Name, a.Query.Prefix+cfg.Text(a.Query.Secret))
		r.URL.RawQuery = query.Encode()
	}
}

// fill puts settings into a text, each through escape.
func fill(cfg *connector.Config, text string, escape func(string) string) string {
	return placeholder.ReplaceAllStringFunc(text, func(name string) string {
		return escape(cfg.Text(strings.Trim(name, "{}")))
	})
}

func asIs(s string) string { return s }

// ask is a request of a stream.
type ask struct {
	path  string
	query url.Values
	body  any // nil: none
}

// ask is the request for a place of the stream.
func (p *pager) ask(cfg *connector.Config, at *place) ask {
	s := p.stream
	r := ask{path: fill(cfg, s.Path, url.PathEscape), query: url.Values{}}
	if at.Token != "" && s.Paging.Cursor == nil { // an address, with everything in it
		r.path, r.query = at.Token, nil
		if s.Method == http.MethodPost {
			r.body = s.Body
		}
		return r
	}
	for name, value := range s.Query {
		r.query.Set(name, fill(cfg, value, asIs))
	}
	params := maps.Clone(s.Body)
	if params == nil {
		params = map[string]any{}
	}
	set := func(name string, value any) {
		if s.Method == http.MethodPost {
			params[name] = value
			return
		}
		text, number := value.(string)
		if !number {
			text = strconv.FormatInt(value.(int64), 10)
		}
		r.query.Set(name, text)
	}
	if s.Since != nil && s.Since.Param != "" && !at.Since.IsZero() {
		set(s.Since.Param, s.Since.write(at.Since.Add(-s.Since.Overlap)))
	}
	switch y := &s.Paging; {
	case y.Cursor != nil && at.Token != "":
		set(y.Cursor.Param, at.Token)
	case y.Page != nil:
		set(y.Page.Param, int64(y.Page.First+at.Count))
	case y.Offset != nil:
		set(y.Offset.Param, int64(at.Count))
	}
	if s.Method == http.MethodPost {
		r.body = params
	}
	return r
}

// write is a time as the API takes it, rounded down: a text or an int64.
func (s *Since) write(at time.Time) any {
	at = at.UTC()
	switch s.Format {
	case "", "rfc3339":
		return at.Truncate(time.Second).Format(time.RFC3339)
	case "date":
		return at.Format(time.DateOnly)
	case "unix":
		return at.Unix()
	case "unix_ms":
		return at.UnixMilli()
	}
	return at.Format(s.Format)
}

// read is write's reverse, for the API that samples are put to.
func (s *Since) read(text string) time.Time {
	switch s.Format {
	case "", "rfc3339", "date", "unix", "unix_ms":
		at, _ := mapping.Time(text) // nothing said
		return at
	}
	at, _ := time.Parse(s.Format, text)
	return at
}

// nextLink is the address of a Link header with rel="next" (RFC 8288, section 3).
func nextLink(values []string) string {
	for _, value := range values {
		for {
			_, rest, found := strings.Cut(value, "<")
			if !found {
				break
			}
			address, params, closed := strings.Cut(rest, ">")
			if !closed {
				break
			}
			params, value, _ = strings.Cut(params, "<")
			for param := range strings.SplitSeq(params, ";") {
				name, kind, _ := strings.Cut(strings.Trim(param, " ,"), "=")
				if strings.EqualFold(strings.TrimSpace(name), "rel") && strings.Trim(kind, `"' `) == "next" {
					return address
				}
			}
			value = "<" + value
		}
	}
	return ""
}

// listening keeps the Link header of the last answer: package connector's API gives the body alone.
type listening struct {
	http.RoundTripper
	link []string
}

// RoundTrip is http.RoundTripper.
func (l *listening) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := l.RoundTripper.RoundTrip(r)
	if err == nil {
		l.link = response.Header.Values("Link")
	}
	return response, err
}
