package mastery

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"math"
	"slices"

	"waymark/internal/competency"
	"waymark/internal/evidence"
)

// How strongly what few pieces say of a competency, an item or a kind is drawn to what is
// usual, as information in log-odds (an answer to a middling task carries at most 1/4),
// and how often difficulties are refined.
const (
	holdCompetency = 2.0
	holdItem       = 0.7
	holdKind       = 20.0
	rounds         = 16
	damp           = 0.5 // of each step: competency, item and kind move at once and add up
)

// Fit estimates a model from some students of a sample: how easy competencies and items
// are, by Newton steps on the penalised likelihood of each piece given the ones before
// it, and how much students differ, and what each kind of
// evidence is worth, by the likelihood of one student in five that is left out for it. before gives prerequisites, frozen into the model. The same
// arguments give the same model.
func (s *Sample) Fit(students []int, before map[competency.ID][]competency.ID, seed uint64) *Model {
	most, fifth := split(students, seed)
	m := s.start(students, before)
	s.refine(m, most, rounds)
	best := s.logLoss(m, fifth)
	worth := map[evidence.Kind]float64{}
	for _, factor := range []float64{0.5, 2, 0.7, 1.4, 0.85, 1.2} {
		better := func() bool {
			got := s.logLoss(m, fifth)
			if got >= best {
				return false
			}
			best = got
			return true
		}
		for _, p := range []*float64{&m.Spread, &m.Within, &m.Drift} {
			was := *p
			*p = min(4, max(0.001, was*factor))
			if !better() {
				*p = was
			}
		}
		for _, k := range slices.Sorted(maps.Keys(m.Kinds)) {
			was := m.Kinds[k]
			m.Kinds[k] = Noise{was.Easier, was.Worth * factor}
			if !better() {
				m.Kinds[k] = was
			}
			worth[k] = m.Kinds[k].Worth
		}
	}
	spread, within, drift := m.Spread, m.Within, m.Drift
	m = s.start(students, before)
	m.Spread, m.Within, m.Drift = spread, within, drift
	for k, n := range m.Kinds {
		m.Kinds[k] = Noise{n.Easier, worth[k]}
	}
	s.refine(m, students, rounds)
	m.Version = "fit-" + m.digest()
	return m
}

// start returns a model that knows what competencies, items and scales there are and
// nothing of them.
func (s *Sample) start(students []int, before map[competency.ID][]competency.ID) *Model {
	m := Builtin()
	m.Competencies, m.Kinds = map[competency.ID]Difficulty{}, map[evidence.Kind]Noise{}
	type sums struct{ n, sum, squares float64 }
	scales := map[string]sums{}
	for _, i := range students {
		for _, r := range s.of(i) {
			if kinds[r.kind] == evidence.Test {
				x := float64(r.score)
				t := scales[s.words.list[r.scale]]
				scales[s.words.list[r.scale]] = sums{t.n + 1, t.sum + x, t.squares + x*x}
				continue
			}
			m.Kinds[kinds[r.kind]] = Noise{0, 1}
			id := s.competency(s.items[r.item].competency)
			if _, ok := m.Competencies[id]; !ok {
				m.Competencies[id] = Difficulty{Easiness: m.Base, Items: map[string]float64{}, Before: before[id]}
			}
		}
	}
	for name, t := range scales {
		mean := t.sum / t.n
		if variance := t.squares/t.n - mean*mean; t.n >= 30 && variance > 0 {
			if m.Scales == nil {
				m.Scales = map[string]Scale{}
			}
			m.Scales[name] = Scale{Mean: mean, SD: math.Sqrt(variance)}
		}
	}
	return m
}

// pull is what pieces say of one difficulty: the sums of slopes and informations.
type pull struct{ slope, information float64 }

func (a *pull) add(b pull) {
	a.slope += b.slope
	a.information += b.information
}

// refine improves a model's difficulties in some rounds.
func (s *Sample) refine(m *Model, students []int, times int) {
	for range times {
		items, byKind := make([]pull, len(s.items)), make([]pull, len(kinds))
		inParts(students, func(part []int) pulls { return s.pulls(m, part) }, func(ps pulls) {
			for i, p := range ps.items {
				items[i].add(p)
			}
			for i, p := range ps.kinds {
				byKind[i].add(p)
			}
		})
		for i, p := range byKind {
			if n, ok := m.Kinds[kinds[i]]; ok && kinds[i] != evidence.Response { // what responses are is the measure
				m.Kinds[kinds[i]] = Noise{bounded(n.Easier + damp*(p.slope-holdKind*n.Easier)/(p.information+holdKind)), n.Worth}
			}
		}
		easy := make([]pull, len(s.words.list))
		for i, p := range items {
			if it := s.items[i]; p.information > 0 && it.name != "" {
				d := m.Competencies[s.competency(it.competency)]
				is := d.Items[it.name]
				d.Items[it.name] = bounded(is + damp*(p.slope-holdItem*is)/(p.information+holdItem))
			}
			easy[s.items[i].competency].add(p)
		}
		total, weight := 0.0, 0.0
		for c, p := range easy {
			if p.information == 0 {
				continue
			}
			id := s.competency(int32(c))
			d := m.Competencies[id]
			d.Easiness = bounded(d.Easiness + damp*(p.slope-holdCompetency*(d.Easiness-m.Base))/(p.information+holdCompetency))
			m.Competencies[id] = d
			w := p.information / (p.information + holdCompetency)
			total += w * d.Easiness
			weight += w
		}
		if weight > 0 {
			m.Base = total / weight
		}
	}
}

func bounded(x float64) float64 { return max(-5, min(5, x)) }

// pulls is what pieces say of their items and kinds.
type pulls struct{ items, kinds []pull }

func (s *Sample) pulls(m *Model, students []int) pulls {
	out := pulls{make([]pull, len(s.items)), make([]pull, len(kinds))}
	for _, student := range students {
		s.each(m, student, func(r row, p evidence.Piece, g gauss) {
			soft := g.soften()
			slope, information := signal(p, (g.mean+m.easier(p))*soft)
			tells := pull{slope * soft, information * soft * soft}
			out.items[r.item].add(tells)
			out.kinds[r.kind].add(tells)
		})
	}
	return out
}

// digest names a model's numbers.
func (m *Model) digest() string {
	c := *m
	c.Version = ""
	text, err := json.Marshal(c)
	if err != nil {
		panic(err) // a fitted model holds finite numbers only
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:5])
}
