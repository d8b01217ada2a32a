package tracing

import "math"

// tally counts responses and how many of them were right.
type tally struct {
	N float32 `json:"n"`
	S float32 `json:"s"`
}

// toward returns the share of right answers drawn toward a prior as if weight further
// answers had it (an empirical-Bayes mean; Efron & Morris, 1975), within (0, 1).
func (t tally) toward(prior, weight float64) float64 {
	return min(max((float64(t.S)+weight*prior)/(float64(t.N)+weight), 1e-4), 1-1e-4)
}

// less returns t without the answers of d, as far as it holds them.
func (t tally) less(d tally) tally {
	n := max(t.N-d.N, 0)
	return tally{n, min(max(t.S-d.S, 0), n)}
}

// folds is the number of parts that a log's students are put in. While a model is
// fitted, what a table says about a student's answers comes from the other parts, as
// it does for a student whom the log does not hold.
const folds = 16

// everyone names no part: the table says all that it knows.
const everyone = -1

// table tallies responses by key, in all and in each part.
type table struct {
	all  []tally
	part [][]tally // nil once the model is fitted
}

func newTable(keys int) *table {
	t := &table{all: make([]tally, keys), part: make([][]tally, folds)}
	for i := range t.part {
		t.part[i] = make([]tally, keys)
	}
	return t
}

// add counts a response of a student in part. Parts may be filled at the same time;
// total sums them.
func (t *table) add(key int32, part int, right float32) {
	c := &t.part[part][key]
	c.N++
	c.S += right
}

// total sums the parts, always in one order.
func (t *table) total() {
	for _, p := range t.part {
		for k, c := range p {
			t.all[k].N += c.N
			t.all[k].S += c.S
		}
	}
}

// without returns what the table knows of key from the students outside part; nothing
// for a key that it does not have.
func (t *table) without(key int32, part int) tally {
	if uint(key) >= uint(len(t.all)) {
		return tally{}
	}
	c := t.all[key]
	if part != everyone {
		d := t.part[part][key]
		c.N -= d.N
		c.S -= d.S
	}
	return c
}

// hash returns the key of a case that too many are possible of to have one each: the
// size of the table is a power of two, and cases that fall together are shared.
func (t *table) hash(a, b, c int32, d int8) int32 {
	h := mix(mix(uint64(uint32(a))<<32|uint64(uint32(b))) + uint64(uint32(c))<<8 + uint64(d))
	return int32(h & uint64(len(t.all)-1))
}

// logit returns the log-odds of a probability in (0, 1).
func logit(p float64) float64 { return math.Log(p / (1 - p)) }

// logistic returns the probability of log-odds.
func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// mix scatters the bits of x (the finalizer of MurmurHash3, Appleby, 2011): students
// are put into parts and samples by it, so that each one's part depends on the seed
// and on him alone.
func mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}
