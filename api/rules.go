package api

import (
	"github.com/gin-gonic/gin"

	"tributary/api/auth"
)

// Rule is what a route asks of a key.
type Rule struct {
	Method string
	Path   string     // as gin has it: /v1/keys/:id
	Scope  auth.Scope // that a key needs
	Public bool       // no key is asked
	AnyKey bool       // every key opens it, whatever its scopes
}

// Rules are those of all routes that the router serves, a route without a rule included: it has neither a
// scope nor is it public.
func (a *API) Rules() []Rule { return rulesOf(a.engine.Routes(), a.routes()) }

func rulesOf(served gin.RoutesInfo, routes []route) []Rule {
	scopes := map[string]auth.Scope{}
	for _, r := range routes {
		scopes[r.method+" "+r.path] = r.scope
	}
	all := make([]Rule, len(served))
	for i, s := range served {
		all[i] = Rule{Method: s.Method, Path: s.Path, Scope: scopes[s.Method+" "+s.Path]}
		if scope := all[i].Scope; scope == public || scope == keyed {
			all[i].Scope, all[i].Public, all[i].AnyKey = "", scope == public, scope == keyed
		}
	}
	return all
}
