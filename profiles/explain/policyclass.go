package explain

// What only a value knows of its class (api/policy).

// PolicyClass says that an identifier's type decides about its class.
func (i Identifier) PolicyClass() string { return "identifier:" + i.Type }

// PolicyClass says that an attribute's name decides about its class.
func (a Attribute) PolicyClass() string { return "identity:" + a.Name }
