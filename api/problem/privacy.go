package problem

import "net/http"

// Restricted is the problem of a profile of which use is restricted (GDPR, Article 18): nothing is told of
// it.
var Restricted = Kind{"restricted", http.StatusForbidden, "Use of this profile is restricted"}
