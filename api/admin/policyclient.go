package admin

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

// Policy reads a workspace's reader policy.
func (c *Client) Policy(ctx context.Context, workspace string) (PolicyDocument, error) {
	return call[PolicyDocument](ctx, c, http.MethodGet, "policy", url.Values{"workspace": {workspace}}, nil)
}

// SetPolicy puts a document in force; an empty one brings the built-in one back.
func (c *Client) SetPolicy(ctx context.Context, workspace, document string) error {
	_, err := call[PolicyDocument](ctx, c, http.MethodPut, "policy", url.Values{"workspace": {workspace}}, PolicyDocument{Document: document})
	return err
}

// Disclosures reads a page of what was disclosed of a person.
func (c *Client) Disclosures(ctx context.Context, workspace, address, cursor string, limit int) (DisclosurePage, error) {
	return call[DisclosurePage](ctx, c, http.MethodGet, "disclosures", url.Values{
		"workspace": {workspace}, "address": {address}, "cursor": {cursor}, "limit": {strconv.Itoa(limit)},
	}, nil)
}
