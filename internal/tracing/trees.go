package tracing

import (
	"math"
	"slices"
)

// node is one of a regression tree. Its value is what a prediction would be if the
// tree ended here, so that the way to a leaf tells what each question on it changed.
type node struct {
	Feature int16   `json:"f"`
	Left    int16   `json:"l"` // the right one follows; 0 for a leaf
	Cut     float32 `json:"c"` // up to it: left
	Value   float32 `json:"v"` // log-odds
}

// tree is grown by Newton boosting (Friedman, 2001; Chen & Guestrin, 2016, eq. 6 and
// 7) on binned features, best leaf first (Ke et al., 2017).
type tree []node

// score returns the log-odds that the tree adds for features x.
func (t tree) score(x *[featureCount]float32) float32 {
	n := &t[0]
	for n.Left != 0 {
		right := int16(0)
		if x[n.Feature] > n.Cut {
			right = 1
		}
		n = &t[n.Left+right]
	}
	return n.Value
}

// trace adds to by, for each feature, what the questions about it changed on the way
// to x's leaf, and returns where the way began.
func (t tree) trace(x *[featureCount]float32, by *[featureCount]float64) (start float64) {
	n := &t[0]
	start = float64(n.Value)
	for n.Left != 0 {
		i := n.Left
		if x[n.Feature] > n.Cut {
			i++
		}
		by[n.Feature] += float64(t[i].Value) - float64(n.Value)
		n = &t[i]
	}
	return start
}

const maxBins = 64

// edges returns the cuts between the bins of a feature, from a sample of its values:
// one between any two neighbouring values where they are few, else quantiles. None
// means that the feature is always the same.
func edges(sample []float32) []float32 {
	v := slices.Clone(sample)
	slices.Sort(v)
	distinct := slices.Compact(slices.Clone(v))
	var cuts []float32
	if len(distinct) <= maxBins {
		for i := 1; i < len(distinct); i++ {
			cuts = append(cuts, (distinct[i-1]+distinct[i])/2)
		}
		return cuts
	}
	for b := 1; b < maxBins; b++ {
		i := b * len(v) / maxBins
		if v[i-1] == v[i] {
			continue // equal values stay together
		}
		cuts = append(cuts, (v[i-1]+v[i])/2)
	}
	return slices.Compact(cuts)
}

// bin returns how many cuts lie below x.
func bin(cuts []float32, x float32) uint8 {
	lo, hi := 0, len(cuts)
	for lo < hi {
		mid := (lo + hi) / 2
		if x > cuts[mid] {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return uint8(lo)
}

// growth are the settings of boosting, the same for every log.
type growth struct {
	trees   int
	leaves  int
	rate    float64 // of learning: the share of a Newton step that is taken
	ridge   float64 // added to the curvature of a leaf
	weight  float64 // least curvature of a leaf
	rows    float64 // share of the students that a tree is grown on
	columns float64 // share of the features that a tree may ask about
}

// growing was chosen by held-out likelihood.
var growing = growth{trees: 50, leaves: 20, rate: .16, ridge: 10, weight: 20, rows: .5, columns: .5}

// boosting is the state of growing trees on binned features.
type boosting struct {
	growth
	seed    uint64
	workers int
	cuts    [][]float32
	bins    [][]uint8 // by feature, then response
	right   []float32
	student []int32
	score   []float32 // log-odds so far

	rowsIn []int32 // responses of the tree's sample, gathered by node
	spare  []int32
	in     []bool
	pull   []int64 // gradient and curvature by response, packed
	packed []int64 // those of a node, in its order
	unit   float64
	free   [][]int64 // histograms to use again
	use    []int     // features of this tree
}

// leaf is a node that may still be split.
type leaf struct {
	at       int // in the tree
	from, to int // in rowsIn
	hist     []int64
	g, h     int64
	gain     float64
	feature  int
	cut      int // bins up to it go left
}

// pack puts a gradient and a curvature into one whole number, so that one addition
// sums both, and sums do not depend on their order.
func pack(g, h int64) int64 { return g<<32 + h }

func unpack(v int64) (g, h int64) {
	h = int64(uint32(v))
	return (v - h) >> 32, h
}

// grow grows the trees. Each is fitted to what is left of the answers of a sample of
// students; growing ends early when the students outside the samples stop gaining.
func (b *boosting) grow() []tree {
	n := len(b.right)
	b.in, b.pull, b.packed = make([]bool, n), make([]int64, n), make([]int64, n)
	b.rowsIn, b.spare = make([]int32, 0, n), make([]int32, n)
	b.unit = math.Exp2(math.Floor(math.Log2((1 << 30) / float64(max(n, 1)))))
	b.unit = min(b.unit, 1<<20)
	var trees []tree
	var gained []float64
	for t := range b.trees {
		b.sample(uint64(t))
		if len(b.rowsIn) == 0 {
			break
		}
		tr, leaves := b.one()
		gained = append(gained, b.apply(tr, leaves))
		trees = append(trees, tr)
		if stalled(gained) {
			break
		}
	}
	return trees
}

// patience is the number of trees that may bring nothing before growing ends.
const patience = 8

func stalled(gained []float64) bool {
	if len(gained) < 2*patience {
		return false
	}
	var sum float64
	for _, g := range gained[len(gained)-patience:] {
		sum += g
	}
	return sum <= 0
}

// sample draws the students and the features of tree t and takes the gradients.
func (b *boosting) sample(t uint64) {
	b.rowsIn = b.rowsIn[:0]
	last, in := int32(-1), false
	limit := uint64(b.rows * (1 << 32))
	for i, s := range b.student {
		if s != last || i == 0 {
			last, in = s, mix(mix(b.seed+t)+uint64(uint32(s)))>>32 < limit
		}
		b.in[i] = in
		if in {
			b.rowsIn = append(b.rowsIn, int32(i))
		}
	}
	b.use = b.use[:0]
	var known []int // features that vary
	for f, c := range b.cuts {
		if len(c) > 0 {
			known = append(known, f)
		}
	}
	take := int(math.Ceil(b.columns * float64(len(known))))
	slices.SortFunc(known, func(x, y int) int {
		hx, hy := mix(mix(b.seed^t<<20)+uint64(x)), mix(mix(b.seed^t<<20)+uint64(y))
		if hx < hy {
			return -1
		}
		return 1
	})
	b.use = append(b.use, known[:take]...)
	slices.Sort(b.use)
	split(len(b.rowsIn), b.workers, func(from, to int) {
		for _, i := range b.rowsIn[from:to] {
			p := logistic(float64(b.score[i]))
			g, h := (float64(b.right[i])-p)*b.unit, p*(1-p)*b.unit
			b.pull[i] = pack(int64(math.Round(g)), int64(math.Round(h)))
		}
	})
}

// one grows one tree and returns it with its leaves.
func (b *boosting) one() (tree, []leaf) {
	var root leaf
	root.to = len(b.rowsIn)
	b.histogram(&root)
	b.best(&root)
	t := tree{b.node(&root)}
	leaves := []leaf{root}
	for len(leaves) < b.leaves {
		best := 0
		for i := range leaves {
			if leaves[i].gain > leaves[best].gain {
				best = i
			}
		}
		l := leaves[best]
		if !(l.gain > 0) {
			break
		}
		mid := b.part(&l)
		left, right := leaf{at: len(t), from: l.from, to: mid}, leaf{at: len(t) + 1, from: mid, to: l.to}
		t[l.at].Feature, t[l.at].Left, t[l.at].Cut = int16(l.feature), int16(len(t)), b.cuts[l.feature][l.cut]
		small, big := &left, &right
		if small.to-small.from > big.to-big.from {
			small, big = big, small
		}
		b.histogram(small)
		for i, v := range small.hist {
			l.hist[i] -= v
		}
		big.hist, big.g, big.h = l.hist, l.g-small.g, l.h-small.h
		b.best(&left)
		b.best(&right)
		t = append(t, b.node(&left), b.node(&right))
		leaves[best] = left
		leaves = append(leaves, right)
	}
	for _, l := range leaves {
		b.free = append(b.free, l.hist)
	}
	return t, leaves
}

func (b *boosting) node(l *leaf) node {
	return node{Value: float32(b.rate * float64(l.g) / (float64(l.h) + b.ridge*b.unit))}
}

// histogram sums gradient and curvature of a node's responses by feature and bin.
// Workers take features, so that nothing depends on their number.
func (b *boosting) histogram(l *leaf) {
	if n := len(b.free); n > 0 {
		l.hist, b.free = b.free[n-1], b.free[:n-1]
	} else {
		l.hist = make([]int64, len(b.cuts)*maxBins)
	}
	rows := b.rowsIn[l.from:l.to]
	packed := b.packed[:len(rows)]
	var sum int64
	for i, r := range rows {
		packed[i] = b.pull[r]
		sum += b.pull[r]
	}
	l.g, l.h = unpack(sum)
	work := func(from, to int) {
		for _, f := range b.use[from:to] {
			var h [256]int64
			col := b.bins[f]
			for i, r := range rows {
				h[col[r]] += packed[i]
			}
			copy(l.hist[f*maxBins:(f+1)*maxBins], h[:])
		}
	}
	const least = 1024
	workers := b.workers
	if len(rows) < least {
		workers = 1
	}
	split(len(b.use), workers, work)
}

// best finds the split of a leaf that gains most.
func (b *boosting) best(l *leaf) {
	ridge, least := b.ridge*b.unit, int64(b.weight*b.unit)
	whole := float64(l.g) * float64(l.g) / (float64(l.h) + ridge)
	l.gain = 0
	for _, f := range b.use {
		var g, h int64
		for c := range b.cuts[f] {
			dg, dh := unpack(l.hist[f*maxBins+c])
			g, h = g+dg, h+dh
			if h < least {
				continue
			}
			if l.h-h < least {
				break
			}
			rg, rh := float64(l.g-g), float64(l.h-h)
			gain := float64(g)*float64(g)/(float64(h)+ridge) + rg*rg/(rh+ridge) - whole
			if gain > l.gain {
				l.gain, l.feature, l.cut = gain, f, c
			}
		}
	}
}

// part gathers a leaf's responses by side and returns where the right side begins.
func (b *boosting) part(l *leaf) int {
	col, cut := b.bins[l.feature], uint8(l.cut)
	left, right := l.from, 0
	for _, r := range b.rowsIn[l.from:l.to] {
		if col[r] <= cut {
			b.rowsIn[left] = r
			left++
		} else {
			b.spare[right] = r
			right++
		}
	}
	copy(b.rowsIn[left:l.to], b.spare[:right])
	return left
}

// apply adds a tree to the scores and returns what the responses outside its sample
// gained, by the second-order expansion of their log-likelihood.
func (b *boosting) apply(t tree, leaves []leaf) float64 {
	for _, l := range leaves {
		v := t[l.at].Value
		for _, r := range b.rowsIn[l.from:l.to] {
			b.score[r] += v
		}
	}
	cut := make([]uint8, len(t))
	for i, n := range t {
		if n.Left != 0 {
			cut[i] = bin(b.cuts[n.Feature], n.Cut)
		}
	}
	value := func(r int) float32 {
		n := &t[0]
		c := cut[0]
		for n.Left != 0 {
			i := n.Left
			if b.bins[n.Feature][r] > c {
				i++
			}
			n, c = &t[i], cut[i]
		}
		return n.Value
	}
	const chunk, every = 4096, 4
	gains := make([]float64, (len(b.in)+chunk-1)/chunk)
	split(len(gains), b.workers, func(from, to int) {
		for c := from; c < to; c++ {
			for r := c * chunk; r < min((c+1)*chunk, len(b.in)); r++ {
				if b.in[r] {
					continue
				}
				v := value(r)
				if r%every == 0 {
					p := logistic(float64(b.score[r]))
					gains[c] += float64(v)*(float64(b.right[r])-p) - float64(v)*float64(v)*p*(1-p)/2
				}
				b.score[r] += v
			}
		}
	})
	var sum float64
	for _, g := range gains {
		sum += g
	}
	return sum
}
