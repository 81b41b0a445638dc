package schema

// ForgetExamples takes out of what was inferred the message ids of the events that were the first to show
// something.
func (x *Inferred) ForgetExamples() {
	x.Events.Example = ""
	for i := range x.Fields {
		f := &x.Fields[i]
		f.Example = ""
		for j := range f.Types {
			f.Types[j].Example = ""
		}
	}
	for i := range x.Breaches {
		x.Breaches[i].Example = ""
	}
}
