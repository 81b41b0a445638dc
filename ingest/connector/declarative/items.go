package declarative

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/bytedance/sonic"
	"github.com/bytedance/sonic/ast"

	"tributary/ingest/connector/mapping"
)

// maxItems bounds how many items a delivery or a page may hold.
const maxItems = 10_000

// items finds the items of a delivery or a page. Along a path, with or without [] at its end, they stay the
// bytes that they came as; what jq makes is written anew.
type items struct {
	path []string
	each bool          // the path leads to a list of them
	expr *mapping.Expr // if it is no path
}

func (c *checker) split(at, source, usual string) *items {
	if source == "" {
		source = usual
	}
	short, each := strings.CutSuffix(source, "[]")
	if short == "" {
		short = "."
	}
	if x, err := mapping.Compile(short); err == nil {
		if path, ok := x.Path(); ok {
			return &items{path: path, each: each}
		}
	}
	return &items{expr: c.expr(at, source)}
}

var (
	errNoItems = errors.New("leads to nothing")
	errNoList  = errors.New("leads to what is no list")
)

// of returns the items of a text; nil, and not an empty list, of null.
func (x *items) of(ctx context.Context, text []byte, vars *mapping.Vars) ([]json.RawMessage, error) {
	if x.expr != nil {
		return x.made(ctx, vars)
	}
	if len(x.path) == 0 && !x.each {
		return []json.RawMessage{text}, nil
	}
	part := text
	if len(x.path) > 0 {
		keys := make([]any, len(x.path))
		for i, key := range x.path {
			keys[i] = key
		}
		node, err := sonic.GetWithOptions(text, ast.SearchOptions{CopyReturn: true}, keys...)
		if err != nil {
			return nil, errNoItems
		}
		raw, err := node.Raw()
		if err != nil {
			return nil, errNoItems
		}
		part = []byte(raw)
	}
	if !x.each {
		return []json.RawMessage{part}, nil
	}
	var list []sonic.NoCopyRawMessage
	if err := sonic.Unmarshal(part, &list); err != nil {
		return nil, errNoList
	}
	if list == nil {
		return nil, nil // null, which some write for an empty list
	}
	if len(list) > maxItems {
		return nil, fmt.Errorf("leads to more than %d items", maxItems)
	}
	all := make([]json.RawMessage, len(list))
	for i := range list {
		all[i] = json.RawMessage(list[i])
	}
	return all, nil
}

// made is the items that jq makes of the body, in $body already.
func (x *items) made(ctx context.Context, vars *mapping.Vars) ([]json.RawMessage, error) {
	made, err := x.expr.All(mapping.Bounded(ctx, 10), vars.Body, vars.List(), maxItems)
	if err != nil {
		return nil, err
	}
	all := make([]json.RawMessage, len(made))
	for i, v := range made {
		if all[i], err = json.Marshal(v); err != nil {
			return nil, errors.New("makes what has no form in JSON")
		}
	}
	return all, nil
}
