package evaluate

// Figures compare a partition with the truth.
type Figures struct {
	Records                     int
	TruePairs, FoundPairs       int64
	RightPairs                  int64
	Precision, Recall, F1       float64 // pairwise
	B3Precision, B3Recall, B3F1 float64 // Bagga and Baldwin, 1998
	Largest                     int     // profile
}

// Score compares a partition with the truth, over the records that the truth knows. A record that
// is in no group stands alone.
func Score(truth map[string]string, groups [][]string) Figures {
	type cell struct {
		entity string
		group  int
	}
	f := Figures{Records: len(truth)}
	entities, sizes, cells := map[string]int64{}, map[int]int64{}, map[cell]int64{}
	known := 0
	for g, members := range groups {
		f.Largest = max(f.Largest, len(members))
		for _, id := range members {
			if e, ok := truth[id]; ok {
				sizes[g]++
				cells[cell{e, g}]++
				known++
			}
		}
	}
	for _, e := range truth {
		entities[e]++
	}
	for _, n := range entities {
		f.TruePairs += n * (n - 1) / 2
	}
	for _, n := range sizes {
		f.FoundPairs += n * (n - 1) / 2
	}
	for c, n := range cells {
		f.RightPairs += n * (n - 1) / 2
		f.B3Precision += float64(n) * float64(n) / float64(sizes[c.group])
		f.B3Recall += float64(n) * float64(n) / float64(entities[c.entity])
	}
	lost := float64(len(truth) - known)
	f.Precision, f.Recall = ratio(f.RightPairs, f.FoundPairs), ratio(f.RightPairs, f.TruePairs)
	f.F1 = harmonic(f.Precision, f.Recall)
	if len(truth) > 0 {
		f.B3Precision = (f.B3Precision + lost) / float64(len(truth))
		f.B3Recall /= float64(len(truth))
	}
	f.B3F1 = harmonic(f.B3Precision, f.B3Recall)
	return f
}

// ratio is 1 for 0/0: nothing claimed is nothing wrong.
func ratio(a, b int64) float64 {
	if b == 0 {
		return 1
	}
	return float64(a) / float64(b)
}

func harmonic(p, r float64) float64 {
	if p+r == 0 {
		return 0
	}
	return 2 * p * r / (p + r)
}
