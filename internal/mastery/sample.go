package mastery

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"time"

	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/roster"
)

// Sample is the evidence of many students, kept small enough that a model can be fitted
// to a whole state. The zero Sample is empty.
type Sample struct {
	Students []roster.PersonID // in the order in which they were added
	ends     []int             // where each student's rows end
	rows     []row
	words    words // competencies and scales
	items    []item
	index    map[item]int32
}

type words struct {
	list  []string
	index map[string]int32
}

func (w *words) number(s string) int32 {
	if w.index == nil {
		w.index = map[string]int32{}
	}
	i, ok := w.index[s]
	if !ok {
		i = int32(len(w.list))
		w.list = append(w.list, s)
		w.index[s] = i
	}
	return i
}

// item is what the source calls a task, within a competency.
type item struct {
	competency int32
	name       string
}

type row struct {
	at                    int64 // microseconds
	item, scale           int32
	score, most, se, rank float32
	easier, guess         float32
	seconds               float32
	kind, hints           uint8
}

var kinds = []evidence.Kind{evidence.Response, evidence.Task, evidence.Rubric, evidence.Observation, evidence.Test}

// Add adds the pieces of one student; they are put in order.
func (s *Sample) Add(student roster.PersonID, pieces []evidence.Piece) {
	slices.SortFunc(pieces, Order)
	for _, p := range pieces {
		k := slices.Index(kinds, p.Kind)
		if k < 0 {
			continue
		}
		it := item{s.words.number(string(p.Competency)), p.Item}
		if s.index == nil {
			s.index = map[item]int32{}
		}
		i, ok := s.index[it]
		if !ok {
			i = int32(len(s.items))
			s.items = append(s.items, it)
			s.index[it] = i
		}
		s.rows = append(s.rows, row{p.At.UnixMicro(), i, s.words.number(p.Scale), float32(p.Score), float32(p.Max), float32(p.SE), float32(p.Percentile),
			float32(p.Easier), float32(p.Guess), float32(p.Seconds), uint8(k), uint8(min(p.Hints, 255))})
	}
	s.Students = append(s.Students, student)
	s.ends = append(s.ends, len(s.rows))
}

// Pieces returns how many pieces there are.
func (s *Sample) Pieces() int { return len(s.rows) }

func (s *Sample) of(student int) []row {
	from := 0
	if student > 0 {
		from = s.ends[student-1]
	}
	return s.rows[from:s.ends[student]]
}

func (s *Sample) piece(r row) evidence.Piece {
	it := s.items[r.item]
	return evidence.Piece{Competency: s.competency(it.competency), Item: it.name, Scale: s.words.list[r.scale], Kind: kinds[r.kind],
		Score: float64(r.score), Max: float64(r.most), SE: float64(r.se), Percentile: float64(r.rank), Easier: float64(r.easier), Guess: float64(r.guess), Seconds: float64(r.seconds), Hints: int(r.hints), At: time.UnixMicro(r.at).UTC()}
}

func (s *Sample) competency(word int32) competency.ID { return competency.ID(s.words.list[word]) }

// Split draws one student in five for a comparison of models; the rest are for fitting.
func (s *Sample) Split(seed uint64) (fit, compare []int) {
	all := make([]int, len(s.Students))
	for i := range all {
		all[i] = i
	}
	return split(all, seed)
}

func split(students []int, seed uint64) (most, fifth []int) {
	order := slices.Clone(students)
	rng := rand.New(rand.NewPCG(seed, 0x6c6561726e))
	rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	n := len(order) / 5
	most, fifth = order[n:], order[:n]
	slices.Sort(most)
	slices.Sort(fifth)
	return most, fifth
}

// parts is into how many parts work on students is cut. Results are put together in
// their order, so that they do not depend on the number of processors.
const parts = 16

// inParts calls do for each part of students, several at once, and then join for each
// part in order.
func inParts[T any](students []int, do func(part []int) T, join func(T)) {
	results := make([]T, parts)
	var wg sync.WaitGroup
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i := range parts {
		wg.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			results[i] = do(students[i*len(students)/parts : (i+1)*len(students)/parts])
		})
	}
	wg.Wait()
	for _, r := range results {
		join(r)
	}
}

// each folds a student's rows and calls f before each piece that counts, with the
// belief about its competency as it stands then.
func (s *Sample) each(m *Model, student int, f func(r row, p evidence.Piece, g gauss)) {
	var l Learner
	for _, r := range s.of(student) {
		p := s.piece(r)
		if !m.Counts(p) {
			continue
		}
		if p.Kind != evidence.Test {
			f(r, p, m.belief(&l, p.Competency, p.At))
		}
		m.Update(&l, p)
	}
}
