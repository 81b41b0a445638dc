package problem_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"

	"tributary/api/problem"
)

func TestKindsAreToldApart(t *testing.T) {
	types, titles := map[string]bool{}, map[string]bool{}
	for _, k := range problem.Kinds() {
		if types[k.Type()] || titles[k.Title] || k.Status < 400 || http.StatusText(k.Status) == "" {
			t.Errorf("%+v is not a kind of its own", k)
		}
		types[k.Type()], titles[k.Title] = true, true
	}
}

func TestErrorNamesTheFields(t *testing.T) {
	d := problem.Field("limit", "must be a number")
	if got, want := d.Error(), "The request is not valid: limit must be a number"; got != want {
		t.Errorf("says %q, want %q", got, want)
	}
}

func TestDocumentComesBack(t *testing.T) {
	d := problem.Field("limit", "must be a number")
	d.Instance = "urn:tributary:request:1"
	answer := httptest.NewRecorder()
	d.Write(answer)
	if answer.Code != http.StatusBadRequest || answer.Header().Get("Content-Type") != problem.ContentType {
		t.Errorf("answers %d %s", answer.Code, answer.Header().Get("Content-Type"))
	}
	back := new(problem.Document)
	if err := json.Unmarshal(answer.Body.Bytes(), back); err != nil || !reflect.DeepEqual(back, d) {
		t.Errorf("comes back as %+v, %v", back, err)
	}
}
