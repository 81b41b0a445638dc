package match

// standing returns who stands for a content, if anybody does.
func (l *Linker) standing(content uint64) (Ref, bool, error) {
	if content == 0 {
		return 0, false, nil
	}
	refs, err := l.store.Sharing(contentKey(content))
	if err != nil || len(refs) == 0 {
		return 0, false, err
	}
	return refs[0], true, nil
}

// succeed lets the first of those that said the same stand for the others.
func (l *Linker) succeed(equals []Ref) error {
	var heir *Prepared
	var at Ref
	for _, r := range equals {
		p, err := l.prepared(r)
		if err != nil {
			return err
		}
		if p != nil && (heir == nil || p.ID < heir.ID) {
			heir, at = p, r
		}
	}
	if heir == nil {
		return nil
	}
	if err := l.link(at, heir); err != nil {
		return err
	}
	return l.follow(at, equals)
}

// follow links those that say the same with the one that stands for them.
func (l *Linker) follow(first Ref, equals []Ref) error {
	for _, r := range equals {
		if r != first {
			if err := l.store.Link(first, r); err != nil {
				return err
			}
		}
	}
	return nil
}
