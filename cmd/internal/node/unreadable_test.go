package node

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"tributary/api/problem"
)

// ask sends the bytes of one request, and returns status, content type and document of the answer.
func ask(t *testing.T, address, request string) (status int, contentType string, d problem.Document) {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body, &d); err != nil {
		t.Fatalf("%s: %.200s", answer.Status, body)
	}
	return answer.StatusCode, answer.Header.Get("Content-Type"), d
}

// TestEveryRefusalIsAProblem sends what no handler sees, or what http.ServeMux would redirect.
func TestEveryRefusalIsAProblem(t *testing.T) {
	p := start(t, t.TempDir())
	address := strings.TrimPrefix(p.url, "http://")
	head := " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + p.read + "\r\n"
	for _, test := range []struct {
		name, request string
		kind          problem.Kind
	}{
		{"bad escape", "GET /v1/profiles/%zz" + head + "\r\n", problem.Invalid},
		{"bad header", "GET /healthz HTTP/1.1\r\nHost: x\r\nNo colon\r\n\r\n", problem.Invalid},
		{"no host", "GET /healthz HTTP/1.1\r\n\r\n", problem.Invalid},
		{"large header", "GET /healthz" + head + "X: " + strings.Repeat("x", 64<<10) + "\r\n\r\n", problem.HeaderTooLarge},
		{"two slashes", "GET /v1//profiles/user_id:a" + head + "\r\n", problem.NoRoute},
		{"dots", "GET /v1/profiles/../profiles" + head + "\r\n", problem.NoRoute},
		{"slashes in an identifier", "GET /v1/profiles/user_id:a%2F%2Fb" + head + "\r\n", problem.NotFound},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, contentType, d := ask(t, address, test.request)
			if status != test.kind.Status || d.Type != test.kind.Type() || contentType != problem.ContentType {
				t.Errorf("answers %d %s %+v", status, contentType, d)
			}
		})
	}
}

func TestPanicOfTheGatewayIsAProblem(t *testing.T) {
	n := &Node{logger: slog.New(slog.DiscardHandler)}
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.Use(gin.CustomRecoveryWithWriter(nil, n.recovered))
	router.POST("/v1/track", func(*gin.Context) { panic("what the client sent") })
	answer := httptest.NewRecorder()
	router.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/track", http.NoBody))
	var d problem.Document
	if err := json.Unmarshal(answer.Body.Bytes(), &d); err != nil || answer.Code != http.StatusInternalServerError || d.Type != problem.Internal.Type() {
		t.Errorf("answers %d %s (%v)", answer.Code, answer.Body, err)
	}
	if text := fmt.Sprint(d); strings.Contains(text, "what the client sent") {
		t.Errorf("repeats the panic: %s", text)
	}
}
