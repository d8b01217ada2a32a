package tracing

import (
	"math"
	"math/bits"
	"slices"
	"sync"

	"gonum.org/v1/gonum/mat"

	"waymark/internal/fault"
)

// Options are the choices of a fit.
type Options struct {
	Seed    uint64 // of the parts and samples
	Workers int    // goroutines that work at once; 1 if below. The model does not depend on it.
}

// enough is the number of answers that weights and trees are fitted to, of students
// drawn by the seed: what they say holds for everybody, and more answers would only
// take time and memory. What is known of items and skills rests on all answers.
const enough = 1_000_000

// span is the responses of one student in a log.
type span struct{ from, to int }

// fitting is a fit under way.
type fitting struct {
	log     *Log
	m       *Model
	seed    uint64
	workers int
	spans   []span
	parts   [folds][]span // the students of each part
	sample  []span        // whom weights and trees are fitted to
	offset  []int         // where each one's answers begin among those
	n       int           // answers of the sample
	timed   bool
}

// Fit fits a model to a log. skills holds the single skills of each item, by position
// ([ReadSkills]); it may be nil or shorter than the items. The same log, seed and
// skills give the same model, bit for bit.
//
// Answers are tallied by item, skill and case, in parts of the students; every
// student is followed with what the other parts tell, which gives the features of
// each answer, some skills passing for new ones; a ridge-penalised logistic regression
// on some of them (Newton's method) and boosted trees on all of them are fitted to these.
func Fit(log *Log, skills [][]int32, o Options) (*Model, error) {
	if log.Len() == 0 {
		return nil, fault.New(fault.Invalid, "The log has no responses to learn from.")
	}
	f := &fitting{log: log, m: &Model{items: log.Items, skills: log.Skills}, seed: o.Seed, workers: max(o.Workers, 1)}
	for from, to := range log.ByStudent() {
		s := span{from, to}
		f.spans = append(f.spans, s)
		p := f.partOf(s)
		f.parts[p] = append(f.parts[p], s)
	}
	f.timed = slices.ContainsFunc(log.At, func(at int64) bool { return at != log.At[0] })
	f.sets(skills)
	f.tally()
	f.draw()
	f.readOut()
	f.intervals()
	for _, t := range f.m.tables.list() {
		(*t).part = nil
	}
	return f.m, nil
}

func (f *fitting) partOf(s span) int {
	return int(mix(mix(f.seed)+uint64(uint32(f.log.Student[s.from]))) % folds)
}

// sets keeps each set of single skills once.
func (f *fitting) sets(skills [][]int32) {
	f.m.sets, f.m.setOf = [][]int32{nil}, make([]int32, len(skills))
	known := map[string]int32{"": 0}
	var key []byte
	for i, set := range skills {
		key = key[:0]
		for _, s := range set {
			key = append(key, byte(s), byte(s>>8), byte(s>>16), byte(s>>24))
		}
		n, ok := known[string(key)]
		if !ok {
			n = int32(len(f.m.sets))
			known[string(key)] = n
			f.m.sets = append(f.m.sets, set)
		}
		f.m.setOf[i] = n
	}
}

// tally fills the tables: first those that count answers alone, then those of cases
// that depend on the student's state, which rests on the first.
func (f *fitting) tally() {
	m, items, skills, singles := f.m, len(f.log.Items), len(f.log.Skills), 0
	for _, set := range m.sets {
		for _, s := range set {
			singles = max(singles, int(s)+1)
		}
	}
	hashed := 1 << min(max(bits.Len(uint(f.log.Len()))-1, 12), 20)
	for i, keys := range []int{1, items, skills, singles, 4 * skills, 3 * skills, 3 * items, 9 * items, 3 * items, hashed, hashed, hashed} {
		*m.tables.list()[i] = newTable(keys)
	}
	f.eachPart(func(_ *Student, part int, s span) {
		for i := s.from; i < s.to; i++ {
			item, y := f.log.Item[i], f.log.Correct[i]
			m.overall.add(0, part, y)
			m.item.add(item, part, y)
			m.skill.add(f.log.Skill[i], part, y)
			for _, q := range m.singlesOf(item) {
				m.single.add(q, part, y)
			}
		}
	})
	for _, t := range m.tables.list()[:4] {
		(*t).total()
	}
	m.usual = logit(m.overall.without(0, everyone).toward(usualShare, overallWeight))
	f.eachPart(func(s *Student, part int, in span) {
		for i := in.from; i < in.to; i++ {
			item, skill, y, at := f.log.Item[i], f.log.Skill[i], f.log.Correct[i], f.log.At[i]
			mo := s.look(item, skill, at)
			m.forClass.add(mo.classKey(), part, y)
			m.skillAfter.add(mo.skillAfterKey(), part, y)
			m.itemAfter.add(mo.itemAfterKey(), part, y)
			m.itemAfterTwo.add(mo.itemAfterTwoKey(), part, y)
			m.again.add(mo.againKey(), part, y)
			m.afterSkill.add(mo.afterSkillKey(), part, y)
			m.afterSkills.add(mo.afterSkillsKey(), part, y)
			m.afterItem.add(mo.afterItemKey(), part, y)
			s.fresh = true
			s.Learn(item, skill, y, at)
		}
	})
	for _, t := range m.tables.list()[4:] {
		(*t).total()
	}
}

// eachPart calls do for every student of the log. One worker does a part, so that its
// tallies do not depend on the number of workers.
func (f *fitting) eachPart(do func(s *Student, part int, in span)) {
	var wg sync.WaitGroup
	next := make(chan int, folds)
	for p := range folds {
		next <- p
	}
	close(next)
	for range f.workers {
		wg.Go(func() {
			s := f.m.NewStudent()
			for p := range next {
				for _, in := range f.parts[p] {
					s.forget(p)
					do(s, p, in)
				}
			}
		})
	}
	wg.Wait()
}

// draw chooses the students whom weights and trees are fitted to.
func (f *fitting) draw() {
	limit := float64(enough) / float64(f.log.Len()) * (1 << 32)
	for _, s := range f.spans {
		if float64(mix(mix(f.seed+1)+uint64(uint32(f.log.Student[s.from])))>>32) < limit || len(f.spans) == 1 {
			f.sample = append(f.sample, s)
			f.offset = append(f.offset, f.n)
			f.n += s.to - s.from
		}
	}
}

// follow calls do for every answer of the given students, in parallel; s has read its
// features.
func (f *fitting) follow(sample []int, do func(s *Student, row, i int)) {
	split(len(sample), f.workers, func(from, to int) {
		s := f.m.NewStudent()
		for _, j := range sample[from:to] {
			in := f.sample[j]
			s.forget(f.partOf(in))
			s.veil = mix(mix(f.seed+3)+uint64(uint32(f.log.Student[in.from]))) | 1
			for i := in.from; i < in.to; i++ {
				s.read(f.log.Item[i], f.log.Skill[i], f.log.At[i])
				do(s, f.offset[j]+i-in.from, i)
				s.Learn(f.log.Item[i], f.log.Skill[i], f.log.Correct[i], f.log.At[i])
			}
		}
	})
}

// split shares n things out among the workers.
func split(n, workers int, do func(from, to int)) {
	if workers < 2 || n < workers {
		do(0, n)
		return
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() { do(n*w/workers, n*(w+1)/workers) })
	}
	wg.Wait()
}

// readOut fits weights and trees.
func (f *fitting) readOut() {
	b := &boosting{growth: growing, seed: f.seed, workers: f.workers, right: make([]float32, f.n), student: make([]int32, f.n), score: make([]float32, f.n)}
	b.cuts = f.cuts()
	for i := range b.cuts {
		b.bins = append(b.bins, make([]uint8, f.n))
		if b.cuts[i] == nil {
			b.bins[i] = nil
		}
	}
	var linear []int
	for i, x := range features {
		if x.linear && b.cuts[i] != nil {
			linear = append(linear, i)
		}
	}
	rows := make([]float32, f.n*len(linear))
	all := make([]int, len(f.sample))
	for i := range all {
		all[i] = i
	}
	f.follow(all, func(s *Student, row, i int) {
		b.right[row], b.student[row] = f.log.Correct[i], f.log.Student[i]
		for j, cuts := range b.cuts {
			if cuts != nil {
				b.bins[j][row] = bin(cuts, s.x[j])
			}
		}
		x := rows[row*len(linear) : (row+1)*len(linear)]
		for j, of := range linear {
			x[j] = s.x[of]
		}
	})
	centre := make([]float64, len(linear))
	for row := range f.n {
		for j := range linear {
			centre[j] += float64(rows[row*len(linear)+j]) / float64(f.n)
		}
	}
	for row := range f.n {
		for j := range linear {
			rows[row*len(linear)+j] -= float32(centre[j])
		}
	}
	w := regress(rows, b.right, len(linear), f.m.usual, f.workers)
	for j, of := range linear {
		f.m.weight[of], f.m.centre[of] = w[j], centre[j]
	}
	f.m.start = w[len(linear)]
	for row := range f.n {
		b.score[row] = float32(dot(w, rows[row*len(linear):(row+1)*len(linear)]))
	}
	f.m.trees = b.grow()
}

// some draws students by the seed, so many that they have about rows answers at most.
func (f *fitting) some(rows int) []int {
	var few []int
	every := uint64(f.n/rows + 1)
	for j, s := range f.sample {
		if mix(mix(f.seed+2)+uint64(uint32(f.log.Student[s.from])))%every == 0 {
			few = append(few, j)
		}
	}
	if len(few) == 0 {
		few = []int{0}
	}
	return few
}

// cuts chooses the bins of the features from some of the students.
func (f *fitting) cuts() [][]float32 {
	values := make([][]float32, len(features))
	workers := f.workers
	f.workers = 1 // they append
	f.follow(f.some(20_000), func(s *Student, _, _ int) {
		for i, x := range s.x {
			values[i] = append(values[i], x)
		}
	})
	f.workers = workers
	cuts := make([][]float32, len(features))
	for i := range cuts {
		if features[i].reason != Time || f.timed {
			cuts[i] = edges(values[i])
		}
	}
	return cuts
}

// ridge is the penalty on squared weights, as if that many answers spoke for none.
const ridge = 5

// regress returns the weights of a ridge-penalised logistic regression of y on d
// columns in rows, and last the intercept, which begins at start: Newton's method
// (McCullagh & Nelder, 1989, §2.5), four steps, halved where they would go wild.
func regress(rows, y []float32, d int, start float64, workers int) []float64 {
	w := make([]float64, d+1)
	w[d] = start
	for range 4 {
		g, h := slope(w, rows, y, workers)
		for j := range d {
			g[j] -= ridge * w[j]
			h.SetSym(j, j, h.At(j, j)+ridge)
		}
		h.SetSym(d, d, h.At(d, d)+1e-6)
		var c mat.Cholesky
		var step mat.VecDense
		if !c.Factorize(h) || c.SolveVecTo(&step, mat.NewVecDense(d+1, g)) != nil {
			break
		}
		const wild = 4
		scale := min(1, wild/max(mat.Norm(&step, math.Inf(1)), 1e-300))
		for j := range w {
			w[j] += scale * step.AtVec(j)
		}
	}
	return w
}

// slope returns the gradient and the curvature of the log-likelihood, summed by
// chunks in one order.
func slope(w []float64, rows, y []float32, workers int) ([]float64, *mat.SymDense) {
	const chunk = 8192
	d := len(w)
	sums := make([][]float64, (len(y)+chunk-1)/chunk) // gradient, then rows of the curvature
	split(len(sums), workers, func(from, to int) {
		row := make([]float64, d)
		row[d-1] = 1
		for c := from; c < to; c++ {
			sum := make([]float64, d+d*d)
			for i := c * chunk; i < min((c+1)*chunk, len(y)); i++ {
				x := rows[i*(d-1) : (i+1)*(d-1)]
				p := logistic(dot(w, x))
				for j, v := range x {
					row[j] = float64(v)
				}
				r, q := float64(y[i])-p, p*(1-p)
				for j, v := range row {
					sum[j] += r * v
					to := sum[d+j*d : d+j*d+j+1]
					for k, u := range row[:j+1] {
						to[k] += q * v * u
					}
				}
			}
			sums[c] = sum
		}
	})
	g, h := make([]float64, d), mat.NewSymDense(d, nil)
	for _, sum := range sums {
		for j := range d {
			g[j] += sum[j]
			for k := range j + 1 {
				h.SetSym(j, k, h.At(j, k)+sum[d+j*d+k])
			}
		}
	}
	return g, h
}

// dot returns the log-odds of a row: w has one weight more, the intercept.
func dot(w []float64, x []float32) float64 {
	z := w[len(x)]
	for j, v := range x {
		z += w[j] * float64(v)
	}
	return z
}
