package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// overStdio runs `tributary mcp` on messages until it ends, and returns what it wrote to stdout and to stderr.
func (o *operator) overStdio(key string, messages ...string) (out, complaint string, err error) {
	o.Helper()
	cmd, _ := command(o.T, []string{"TRIBUTARY_URL=http://" + o.address, "TRIBUTARY_KEY=" + key}, "mcp")
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(strings.Join(messages, "\n")+"\n"), &stdout, &stderr
	err = cmd.Run()
	return stdout.String(), stderr.String(), err
}

// TestStdioHoldsMessagesAlone: on stdout of `tributary mcp` stands an answer to every call, a line each, and nothing
// else; it ends with its input. What is wrong with the key is an answer, what is wrong with the command is on stderr.
func TestStdioHoldsMessagesAlone(t *testing.T) {
	o := newOperator(t)
	key := o.run("keys", "create", "--quiet", "--kind", "agent")
	calls := []string{
		`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}`,
		`{"jsonrpc":"2.0","method":"notifications/initialized"}`,
		`{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{}}`,
		`{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"get_context","arguments":{"customer":"user_id:nobody"}}}`,
		`{"jsonrpc":"2.0","id":4,"method":"nothing/known"}`,
	}
	answers := func(key string) map[int]string {
		t.Helper()
		out, complaint, err := o.overStdio(strings.TrimSpace(key), calls...)
		if err != nil || complaint != "" {
			t.Fatalf("%v: %s", err, complaint)
		}
		found := map[int]string{}
		for line := range strings.Lines(out) {
			var m struct {
				Version string `json:"jsonrpc"`
				ID      int
			}
			if err := json.Unmarshal([]byte(line), &m); err != nil || m.Version != "2.0" || found[m.ID] != "" {
				t.Errorf("no message, or a second one: %s", line)
			}
			found[m.ID] = line
		}
		return found
	}
	all := answers(key)
	for id, want := range map[int]string{1: `"2025-06-18"`, 2: `"get_context"`, 3: "urn:tributary:problem:not-found", 4: `"error"`} {
		if !strings.Contains(all[id], want) {
			t.Errorf("%s is answered with %s", calls[id-1], all[id])
		}
	}
	for id, line := range answers("trb_g_unknown") {
		if !strings.Contains(line, `"error"`) || !strings.Contains(line, "Unauthorized") {
			t.Errorf("to an unknown key %d is answered with %s", id, line)
		}
	}
	if out, complaint, err := o.overStdio(""); err == nil || out != "" || !strings.Contains(complaint, "TRIBUTARY_KEY: is required") {
		t.Errorf("without a key: %v: %q on stdout, %q on stderr", err, out, complaint)
	}
}
