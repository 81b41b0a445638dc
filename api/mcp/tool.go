package mcp

import (
	"fmt"
	"slices"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"tributary/api/auth"
)

// tool is an entry of the table with what the document says of its route.
type tool struct {
	entry
	operation *operation
	arguments []argument
	ofSelf    []argument // for a token that is bound to one customer: without those that name others
	scope     auth.Scope
	shown     *mcp.Tool // to a key
	shownSelf *mcp.Tool // to a token that is bound to one customer; nil: it has no such tool
}

// hints are the annotations of a tool, all four.
type hints struct{ readOnly, destructive, idempotent, openWorld bool }

func (h hints) annotations(title string) *mcp.ToolAnnotations {
	return &mcp.ToolAnnotations{
		Title: title, ReadOnlyHint: h.readOnly, DestructiveHint: &h.destructive, IdempotentHint: h.idempotent, OpenWorldHint: &h.openWorld,
	}
}

func (d *document) tool(e entry) (*tool, error) {
	o, err := d.operation(e.operation)
	if err != nil {
		return nil, err
	}
	t := &tool{entry: e, operation: o, scope: o.Scope}
	if t.arguments, err = d.arguments(o, &e); err != nil {
		return nil, err
	}
	t.ofSelf = without(t.arguments, e.others...)
	t.ofSelf = slices.DeleteFunc(t.ofSelf, func(a argument) bool { // its token is bound to one conversation as well
		return a.name == "conversation" && a.in == inQuery
	})
	output, err := d.output(o, e.report != nil)
	if err != nil {
		return nil, err
	}
	if t.shown, err = d.show(e, t.arguments, output); err != nil {
		return nil, err
	}
	if !e.othersOnly {
		t.shownSelf, err = d.show(e, without(t.ofSelf, customerName), output)
	}
	return t, err
}

func (d *document) show(e entry, arguments []argument, output schema) (*mcp.Tool, error) {
	input, err := d.input(arguments)
	if err != nil {
		return nil, fmt.Errorf("operation %s: %w", e.operation, err)
	}
	description := e.description
	if e.report != nil {
		description += " " + numbers
	}
	return &mcp.Tool{
		Name: e.name, Title: e.title, Description: description + " " + untrusted,
		Annotations: e.hints.annotations(e.title), InputSchema: input, OutputSchema: output,
	}, nil
}
