package classify

import "crypto/sha256"

// key is the hash of a text as it is sent.
type key [sha256.Size]byte

func keyOf(text string) key { return sha256.Sum256([]byte(Redact(text))) }

// kept remembers answers by the hashes of their texts, the last maxKept of them, and no text.
type kept struct {
	answers map[key]string
	order   []key // of coming, a ring once it is full
	next    int
}

func (k *kept) put(of key, topic string) {
	if _, known := k.answers[of]; !known {
		if len(k.order) < maxKept {
			k.order = append(k.order, of)
		} else {
			delete(k.answers, k.order[k.next])
			k.order[k.next], k.next = of, (k.next+1)%maxKept
		}
	}
	k.answers[of] = topic
}
