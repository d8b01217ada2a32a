// Package tracing predicts a student's next answer from the answers before it
// (knowledge tracing): a logistic model whose terms add up to a reason, and, in
// bkt, Bayesian knowledge tracing as a second model. It knows nothing of schools:
// students, items and skills are positions in lists of names.
package tracing

import (
	"bufio"
	"cmp"
	"io"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"

	"waymark/internal/fault"
)

// Log is a set of responses, those of one student together and in the order of the
// work. All columns have one entry for each response.
type Log struct {
	Student []int32   // position in Students
	Item    []int32   // position in Items
	Skill   []int32   // position in Skills: what the item asks for, a single skill or a fixed combination
	Correct []float32 // share of the answer that was right, in [0, 1]
	At      []int64   // seconds of Unix time when it was given; all zero where times are not known

	Students, Items, Skills []string
}

// Len returns the number of responses.
func (l *Log) Len() int { return len(l.Student) }

// ByStudent yields the bounds of each student's responses: [from, to).
func (l *Log) ByStudent() iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		for from := 0; from < l.Len(); {
			to := from + 1
			for to < l.Len() && l.Student[to] == l.Student[from] {
				to++
			}
			if !yield(from, to) {
				return
			}
			from = to
		}
	}
}

// Names holds the positions that names were given, so that a second log uses the
// same ones. The zero Names is empty.
type Names struct {
	students, items, skills, singles map[string]int32
	Students, Items, Skills          []string
	Singles                          []string // what combinations of skills are made of
}

func number(m *map[string]int32, list *[]string, name string) int32 {
	if *m == nil {
		*m = map[string]int32{}
	}
	i, ok := (*m)[name]
	if !ok {
		i = int32(len(*list))
		name = strings.Clone(name)
		(*m)[name] = i
		*list = append(*list, name)
	}
	return i
}

// ReadTSV reads responses: a header line, then tab-separated lines of which the
// columns user_id, item_id, skill_id, correct and timestamp (optional) are used, in
// any order. Lines of one student may be apart; they are gathered, and sorted by
// time where times differ. names carries positions over from one file to the next.
// A line that cannot be read is a fault that names file, line, field and cure.
func ReadTSV(r io.Reader, file string, names *Names) (*Log, error) {
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 1<<16), 1<<20)
	columns := []string{"user_id", "item_id", "skill_id", "correct", "timestamp"}
	at := make([]int, len(columns))
	if !sc.Scan() {
		if err := sc.Err(); err != nil {
			return nil, err
		}
		return nil, fault.New(fault.Invalid, "%s is empty. Its first line names the columns: %s.", file, strings.Join(columns, ", "))
	}
	header := strings.Split(strings.TrimPrefix(strings.TrimRight(sc.Text(), "\r"), "\ufeff"), "\t")
	for i, c := range columns {
		at[i] = slices.Index(header, c)
		if at[i] < 0 && c != "timestamp" {
			return nil, fault.New(fault.Invalid, "%s, line 1: the column %s is missing. Needed, separated by tabs: %s; timestamp may be left out.", file, c, strings.Join(columns[:4], ", "))
		}
	}
	l := &Log{}
	cells := make([]string, 0, len(header))
	for line := 2; sc.Scan(); line++ {
		text := strings.TrimRight(sc.Text(), "\r")
		if text == "" {
			continue
		}
		cells = cells[:0]
		for c := range strings.SplitSeq(text, "\t") {
			cells = append(cells, c)
		}
		if len(cells) != len(header) {
			return nil, fault.New(fault.Invalid, "%s, line %d: %d columns; the header has %d.", file, line, len(cells), len(header))
		}
		for i, c := range columns[:3] {
			if cells[at[i]] == "" {
				return nil, fault.New(fault.Invalid, "%s, line %d, %s: empty. Every response needs one.", file, line, c)
			}
		}
		y, err := strconv.ParseFloat(cells[at[3]], 32)
		if err != nil || !(y >= 0 && y <= 1) {
			return nil, fault.New(fault.Invalid, "%s, line %d, correct: %q is not a number from 0 to 1.", file, line, cells[at[3]])
		}
		var t int64
		if at[4] >= 0 && cells[at[4]] != "" {
			f, err := strconv.ParseFloat(cells[at[4]], 64)
			if err != nil || math.IsNaN(f) || math.Abs(f) > 1e15 {
				return nil, fault.New(fault.Invalid, "%s, line %d, timestamp: %q is not a number of seconds.", file, line, cells[at[4]])
			}
			t = int64(f)
		}
		l.Student = append(l.Student, number(&names.students, &names.Students, cells[at[0]]))
		l.Item = append(l.Item, number(&names.items, &names.Items, cells[at[1]]))
		l.Skill = append(l.Skill, number(&names.skills, &names.Skills, cells[at[2]]))
		l.Correct = append(l.Correct, float32(y))
		l.At = append(l.At, t)
	}
	if err := sc.Err(); err != nil {
		return nil, fault.New(fault.Invalid, "%s: %v", file, err)
	}
	l.sort()
	l.Students, l.Items, l.Skills = names.Students, names.Items, names.Skills
	return l, nil
}

// ReadSkills reads which single skills each item asks for: lines of an item and one
// skill, separated by a tab, under a header item_id, skill or none. The answer has one
// entry for each item that names knows, the positions in names.Singles; items that it
// does not know are passed over.
func ReadSkills(r io.Reader, file string, names *Names) ([][]int32, error) {
	of := make([][]int32, len(names.Items))
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 1<<16), 1<<20)
	for line := 1; sc.Scan(); line++ {
		text := strings.TrimPrefix(strings.TrimRight(sc.Text(), "\r"), "\ufeff")
		if text == "" || line == 1 && strings.HasPrefix(text, "item_id\t") {
			continue
		}
		item, skill, ok := strings.Cut(text, "\t")
		if !ok || item == "" || skill == "" || strings.Contains(skill, "\t") {
			return nil, fault.New(fault.Invalid, "%s, line %d: an item and one skill are needed, separated by a tab. Repeat the item for each further skill.", file, line)
		}
		i, known := names.items[item]
		if !known {
			continue
		}
		if s := number(&names.singles, &names.Singles, skill); !slices.Contains(of[i], s) {
			of[i] = append(of[i], s)
		}
	}
	if err := sc.Err(); err != nil {
		return nil, fault.New(fault.Invalid, "%s: %v", file, err)
	}
	return of, nil
}

// sort puts responses of a student together, in the order of time and then of lines.
func (l *Log) sort() {
	less := func(a, b int) int {
		return cmp.Or(cmp.Compare(l.Student[a], l.Student[b]), cmp.Compare(l.At[a], l.At[b]))
	}
	order := make([]int, l.Len())
	sorted := true
	for i := range order {
		order[i] = i
		sorted = sorted && (i == 0 || less(i-1, i) <= 0)
	}
	if sorted {
		return
	}
	slices.SortStableFunc(order, less)
	l.Student, l.Item, l.Skill = pick(l.Student, order), pick(l.Item, order), pick(l.Skill, order)
	l.Correct, l.At = pick(l.Correct, order), pick(l.At, order)
}

func pick[T any](from []T, order []int) []T {
	to := make([]T, len(order))
	for i, o := range order {
		to[i] = from[o]
	}
	return to
}
