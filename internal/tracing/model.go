package tracing

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/gob"
	"io"
	"math"
	"slices"

	"waymark/internal/fault"
)

// Version names the kind of model that this package fits; a stored model of another
// kind cannot be read.
const Version = "logistic-2"

// Model predicts answers. It is made by [Fit], does not change, and may be used by
// many goroutines, each with its own [Student].
type Model struct {
	items, skills, singles []string // the names of the positions

	sets  [][]int32 // single skills that items ask for; the first is none
	setOf []int32   // by item

	tables
	usual     float64               // log-odds of a right answer to any item
	start     float64               // log-odds where all features are at their centre
	weight    [featureCount]float64 // of linear features, for one unit
	centre    [featureCount]float64 // means of linear features
	trees     []tree
	overall10 foresight
	skill10   foresight
}

// tables are the answers of a log, by what they have in common. The first four are
// by position; see the methods of moment for the others.
type tables struct {
	overall, item, skill, single                    *table
	forClass, skillAfter                            *table
	itemAfter, itemAfterTwo, again                  *table
	afterSkill, afterSkills /* hashed */, afterItem *table
}

func (t *tables) list() []**table {
	return []**table{&t.overall, &t.item, &t.skill, &t.single, &t.forClass, &t.skillAfter,
		&t.itemAfter, &t.itemAfterTwo, &t.again, &t.afterSkill, &t.afterSkills, &t.afterItem}
}

// singlesOf returns the single skills of an item.
func (m *Model) singlesOf(item int32) []int32 {
	if uint(item) >= uint(len(m.setOf)) {
		return nil
	}
	return m.sets[m.setOf[item]]
}

// Names returns the names of the model's items and skills at their positions, to read
// logs with that the model is to predict.
func (m *Model) Names() *Names {
	n := &Names{}
	for _, x := range m.items {
		number(&n.items, &n.Items, x)
	}
	for _, x := range m.skills {
		number(&n.skills, &n.Skills, x)
	}
	for _, x := range m.singles {
		number(&n.singles, &n.Singles, x)
	}
	return n
}

// score returns the log-odds of the features in x.
func (m *Model) score(x *[featureCount]float32) float64 {
	z := m.start
	for i, w := range m.weight {
		if w != 0 {
			z += w * (float64(x[i]) - m.centre[i])
		}
	}
	for _, t := range m.trees {
		z += float64(t.score(x))
	}
	return z
}

// Predict returns the probability that the answer to item, on skill, is right if it
// is given at at (seconds of Unix time; any value where the log had no times). Items
// and skills that the model does not know are judged by what is nearest: an item by
// its skill, a combination by its single skills, these by all.
func (s *Student) Predict(item, skill int32, at int64) float64 {
	return logistic(s.predict(item, skill, at))
}

// predict returns the log-odds of a right answer and keeps them for what is learned
// from it.
func (s *Student) predict(item, skill int32, at int64) float64 {
	s.read(item, skill, at)
	s.predicted = s.m.score(&s.x) + s.lean
	return s.predicted
}

// Term is one reason of a prediction: the log-odds that it adds.
type Term struct {
	Reason  Reason  `json:"reason"`
	LogOdds float64 `json:"log_odds"`
}

// Explain returns why [Student.Predict] says what it says: one term for each reason,
// in their order, that add up to the log-odds of the prediction. A weight counts from
// the mean of its feature in the log; of a tree, each question counts for the feature
// that it asks about (Saabas, 2014).
func (s *Student) Explain(item, skill int32, at int64) []Term {
	s.predict(item, skill, at)
	clear(s.by[:])
	terms := make([]Term, reasons)
	for i := range terms {
		terms[i].Reason = Reason(i)
	}
	terms[Start].LogOdds = s.m.start
	for i, w := range s.m.weight {
		s.by[i] = w * (float64(s.x[i]) - s.m.centre[i])
	}
	for _, t := range s.m.trees {
		terms[Start].LogOdds += t.trace(&s.x, &s.by)
	}
	for i, v := range s.by {
		terms[features[i].reason].LogOdds += v
	}
	terms[Overall].LogOdds += s.lean
	return terms
}

// stored is the artefact: what a model is, without what only a fit needs.
type stored struct {
	Version                string
	Items, Skills, Singles []string
	Sets                   [][]int32
	SetOf                  []int32
	Keys                   []int    // of each table
	Tables                 [][]byte // the keys that have answers
	Usual, Start           float64
	Weight, Centre         []float64
	Trees                  [][]node
	Overall10, Skill10     foresight
}

// MarshalBinary returns the model as a file to keep: compressed, with its version and
// the names of items and skills, and without any student.
func (m *Model) MarshalBinary() ([]byte, error) {
	s := stored{
		Version: Version, Items: m.items, Skills: m.skills, Singles: m.singles, Sets: m.sets, SetOf: m.setOf,
		Usual: m.usual, Start: m.start, Weight: m.weight[:], Centre: m.centre[:], Overall10: m.overall10, Skill10: m.skill10,
	}
	for _, t := range m.tables.list() {
		s.Keys = append(s.Keys, len((*t).all))
		s.Tables = append(s.Tables, (*t).sparse())
	}
	for _, t := range m.trees {
		s.Trees = append(s.Trees, t)
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := gob.NewEncoder(z).Encode(s); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// most is the size, in bytes, that a stored model may unpack to.
const most = 1 << 30

// UnmarshalBinary makes m the model that was stored as data. A file that is none, or
// of another version, is an [fault.Invalid] fault.
func (m *Model) UnmarshalBinary(data []byte) error {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "This is not a stored learner model")
	}
	var s stored
	if err := gob.NewDecoder(io.LimitReader(z, most)).Decode(&s); err != nil {
		return fault.Wrap(fault.Invalid, err, "This stored learner model is damaged")
	}
	if s.Version != Version {
		return fault.New(fault.Invalid, "This learner model is of the kind %q; this program reads %q. Fit it again.", s.Version, Version)
	}
	n := Model{items: s.Items, skills: s.Skills, singles: s.Singles, sets: s.Sets, setOf: s.SetOf,
		usual: s.Usual, start: s.Start, overall10: s.Overall10, skill10: s.Skill10}
	copy(n.weight[:], s.Weight)
	copy(n.centre[:], s.Centre)
	list := n.tables.list()
	ok := len(s.Keys) == len(list) && len(s.Tables) == len(list) && len(s.Weight) == len(features) && len(s.Centre) == len(features)
	for i := 0; ok && i < len(list); i++ {
		*list[i], ok = dense(s.Keys[i], s.Tables[i])
	}
	for _, i := range s.SetOf {
		ok = ok && uint(i) < uint(len(s.Sets))
	}
	for _, t := range s.Trees {
		ok = ok && tree(t).sound()
		n.trees = append(n.trees, t)
	}
	if !ok {
		return fault.New(fault.Invalid, "This stored learner model is damaged.")
	}
	*m = n
	return nil
}

// sparse returns the keys that have answers, as the distance from the one before,
// answers and right answers.
func (t *table) sparse() []byte {
	var b []byte
	last := 0
	for k, c := range t.all {
		if c.N == 0 {
			continue
		}
		b = binary.AppendUvarint(b, uint64(k-last))
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(c.N))
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(c.S))
		last = k
	}
	return b
}

func dense(keys int, b []byte) (*table, bool) {
	if keys < 0 || keys > most/8 {
		return nil, false
	}
	t := &table{all: make([]tally, keys)}
	for k := uint64(0); len(b) > 0; {
		d, n := binary.Uvarint(b)
		if k += d; n <= 0 || len(b) < n+8 || k >= uint64(keys) {
			return nil, false
		}
		c := tally{math.Float32frombits(binary.LittleEndian.Uint32(b[n:])), math.Float32frombits(binary.LittleEndian.Uint32(b[n+4:]))}
		if !(c.N > 0 && c.S >= 0 && c.S <= c.N) {
			return nil, false
		}
		t.all[k] = c
		b = b[n+8:]
	}
	return t, true
}

// sound says whether every way through the tree ends.
func (t tree) sound() bool {
	bad := func(i int) bool {
		n := t[i]
		v := float64(n.Value)
		return math.IsNaN(v) || math.IsInf(v, 0) || n.Left != 0 && (int(n.Left) <= i || int(n.Left)+1 >= len(t) || uint(n.Feature) >= uint(len(features)))
	}
	all := make([]int, len(t))
	for i := range all {
		all[i] = i
	}
	return len(t) > 0 && !slices.ContainsFunc(all, bad)
}
