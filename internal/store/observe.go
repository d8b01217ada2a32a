package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/mastery"
	"waymark/internal/roster"
)

// pieceID is the id of a revision of a fact.
func pieceID(root string, revision int) evidence.ID {
	return evidence.ID(root + "." + strconv.Itoa(revision))
}

// Recorder writes observations as they come in. It gathers what waits, commits it in
// one transaction, and then answers everybody: an answered observation is on disk.
type Recorder struct {
	db      *DB
	changed func(roster.DistrictID, []evidence.Piece)

	mu      sync.Mutex // guards waiting and closed
	waiting []*waiting
	closed  bool
	wake    chan struct{}
	done    chan struct{}
}

type waiting struct {
	ctx      context.Context
	district roster.DistrictID
	pieces   []evidence.Piece
	result   []mastery.Recorded
	err      error
	ready    chan struct{}
}

// NewRecorder starts a recorder; changed is called after each commit with what was
// written, in the recorder's goroutine.
func (db *DB) NewRecorder(changed func(roster.DistrictID, []evidence.Piece)) *Recorder {
	r := &Recorder{db: db, changed: changed, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go r.run()
	return r
}

// Close writes what waits and stops the recorder.
func (r *Recorder) Close() {
	r.mu.Lock()
	if !r.closed {
		r.closed = true
		close(r.wake)
	}
	r.mu.Unlock()
	<-r.done
}

// Record writes pieces of one district, all or none, and returns when they are on
// disk. A piece with a key that is known writes nothing if it says the same, and a new
// revision if it does not.
func (r *Recorder) Record(ctx context.Context, d roster.DistrictID, pieces []evidence.Piece) ([]mastery.Recorded, error) {
	now := r.db.now()
	for i, p := range pieces {
		if err := p.Validate(now); err != nil {
			return nil, err
		}
		if p.Key == "" {
			return nil, fault.Field("key", "An observation needs a key of its own.")
		}
		for _, q := range pieces[:i] {
			if q.Key == p.Key {
				return nil, fault.Field("key", "Two observations carry the same key.")
			}
		}
	}
	w := &waiting{ctx: ctx, district: d, pieces: pieces, ready: make(chan struct{})}
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil, fault.New(fault.Internal, "The program is stopping.")
	}
	r.waiting = append(r.waiting, w)
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
	<-w.ready
	return w.result, w.err
}

const commitMost = 256 // requests of one commit

func (r *Recorder) run() {
	defer close(r.done)
	for open := true; open; {
		_, open = <-r.wake
		for {
			r.mu.Lock()
			n := min(len(r.waiting), commitMost)
			batch := r.waiting[:n:n]
			r.waiting = r.waiting[n:]
			r.mu.Unlock()
			if n == 0 {
				break
			}
			r.commit(batch)
		}
	}
}

// commit writes a batch, answers everybody, and tells what was written.
func (r *Recorder) commit(batch []*waiting) {
	perDistrict := map[roster.DistrictID][]*waiting{}
	for _, w := range batch {
		if w.err = w.ctx.Err(); w.err != nil {
			close(w.ready)
			continue
		}
		perDistrict[w.district] = append(perDistrict[w.district], w)
	}
	for d, ws := range perDistrict {
		r.writeAll(d, ws)
		var written []evidence.Piece
		for _, w := range ws {
			if w.err == nil {
				for _, x := range w.result {
					if !x.Known {
						written = append(written, x.Piece)
					}
				}
			}
			close(w.ready)
		}
		if len(written) > 0 && r.changed != nil {
			r.changed(d, written)
		}
	}
}

// writeAll writes some requests together, or, if that fails, each on its own, so that one bad
// request fails alone; when the database fails, all do.
func (r *Recorder) writeAll(d roster.DistrictID, ws []*waiting) {
	err := r.write(d, ws)
	alone := err != nil && len(ws) > 1
	for _, w := range ws {
		if alone && fault.KindOf(err) != fault.Unavailable {
			err = r.write(d, []*waiting{w})
		}
		w.err = err
	}
}

// write writes some requests in one transaction, until the first cannot wait any longer. Whether a
// transaction was committed over a connection that broke is not known: it is written again, which
// writes nothing where it is there.
func (r *Recorder) write(d roster.DistrictID, ws []*waiting) error {
	ctx := context.Background()
	var first time.Time
	for _, w := range ws {
		if until, ok := w.ctx.Deadline(); ok && (first.IsZero() || until.Before(first)) {
			first = until
		}
	}
	if !first.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, first)
		defer cancel()
	}
	record := func(tx *DB) error { return tx.record(ctx, d, ws) }
	err := r.db.Tx(ctx, record)
	if _, committing := errors.AsType[commitError](err); committing && r.db.dialect.is(err, r.db.dialect.gone) {
		err = r.db.Tx(ctx, record)
	}
	return err
}

// revision is the latest revision of a fact, as far as a repeat is compared.
type revision struct {
	evidence.Piece
	root  string
	n     int
	voids bool
}

// record writes the pieces of some requests and the estimates that they change.
func (tx *DB) record(ctx context.Context, d roster.DistrictID, ws []*waiting) error {
	now := tx.now()
	var roots []string
	for _, w := range ws {
		for _, p := range w.pieces {
			roots = append(roots, derive(string(d), "evidence", p.Key))
		}
	}
	known, err := tx.revisions(ctx, d, roots)
	if err != nil {
		return err
	}
	var rows, voids [][]any
	m, err := tx.Model(ctx, d)
	if err != nil {
		return err
	}
	var pairs []pair
	for _, w := range ws {
		for _, p := range w.pieces {
			pairs = append(pairs, pair{p.Student, p.Competency})
		}
	}
	learners, err := tx.learners(ctx, d, pairs)
	if err != nil {
		return err
	}
	refuses, err := tx.Refusing(ctx, d, guard.Estimates)
	if err != nil {
		return err
	}
	again := map[roster.PersonID]bool{} // students to fold from the log
	changed := map[pair]bool{}
	weeks := map[pair]map[int]mastery.State{}
	i := 0
	for _, w := range ws {
		w.result = w.result[:0]
		for _, p := range w.pieces {
			root := roots[i]
			i++
			if p.Recorded.IsZero() {
				p.Recorded = now
			}
			old, had := known[root]
			n := 0
			if had {
				if !old.voids && sameFact(old.Piece, p) {
					p.ID = old.ID
					w.result = append(w.result, mastery.Recorded{Piece: p, Known: true})
					continue
				}
				n = old.n + 1
				if !old.voids {
					voids = append(voids, []any{root, int64(old.n), "replaced", p.Actor, micros(now)})
				}
				p.Replaces = old.ID
				again[old.Student], again[p.Student] = true, true
			}
			p.ID = pieceID(root, n)
			known[root] = revision{p, root, n, false}
			rows = append(rows, []any{p.Student, p.Competency, micros(p.At), p.ID, root, int64(n), p.Kind, p.Score, p.Max, p.SE, p.Scale, p.Percentile,
				p.Label, p.Item, p.Easier, p.Guess, int64(p.Attempt), int64(p.Hints), p.Seconds, micros(p.Recorded), p.Source, p.Actor, p.Class, p.Note})
			w.result = append(w.result, mastery.Recorded{Piece: p})
			if !m.Counts(p) || refuses[p.Student] {
				continue
			}
			p.At = moment(micros(p.At)) // as it will be read back
			l := learners[p.Student]
			if n > 0 || !m.Follows(l, p) {
				again[p.Student] = true
				continue
			}
			m.Update(l, p)
			if k := (pair{p.Student, p.Competency}); p.Competency != "" {
				changed[k] = true
				if weeks[k] == nil {
					weeks[k] = map[int]mastery.State{}
				}
				weeks[k][mastery.Week(p.At)] = l.States[p.Competency]
			}
		}
	}
	if err := tx.insertMany(ctx, insertPieces, []any{d}, rows); err != nil {
		return err
	}
	if err := tx.insertMany(ctx, insertVoids, []any{d}, voids); err != nil {
		return err
	}
	f := folded{abilities: map[roster.PersonID]mastery.Ability{}}
	for id, l := range learners {
		if !again[id] && l.Ability.N > 0 {
			f.abilities[id] = l.Ability
		}
	}
	for k := range changed {
		if again[k.student] {
			continue
		}
		f.states = append(f.states, mastery.Record{Student: k.student, Competency: k.competency, State: learners[k.student].States[k.competency]})
		for w, s := range weeks[k] {
			f.weeks = append(f.weeks, weekly{k, mastery.Weekly{Week: w, State: s}})
		}
	}
	if err := tx.writeFolded(ctx, d, m, f); err != nil {
		return err
	}
	if len(again) > 0 {
		if err := tx.refold(ctx, d, slices.Sorted(maps.Keys(again))); err != nil {
			return err
		}
		if learners, err = tx.learners(ctx, d, pairs); err != nil {
			return err
		}
	}
	for _, w := range ws {
		for j, x := range w.result {
			w.result[j].State = learners[x.Piece.Student].States[x.Piece.Competency]
		}
	}
	return nil
}

// sameFact reports whether a repeated piece says what the known one says.
func sameFact(a, b evidence.Piece) bool {
	return a.Student == b.Student && a.Competency == b.Competency && micros(a.At) == micros(b.At) && a.Kind == b.Kind && a.Score == b.Score && a.Max == b.Max &&
		a.SE == b.SE && a.Scale == b.Scale && a.Percentile == b.Percentile && a.Label == b.Label && a.Item == b.Item && a.Easier == b.Easier && a.Guess == b.Guess &&
		a.Attempt == b.Attempt && a.Hints == b.Hints && a.Seconds == b.Seconds && a.Note == b.Note
}

// revisions returns the latest revision of each known fact.
func (tx *DB) revisions(ctx context.Context, d roster.DistrictID, roots []string) (map[string]revision, error) {
	args := []any{d}
	list, err := many(ctx, tx, func(row func(...any) error) (r revision, err error) {
		r.Piece, err = scanPiece(func(dest ...any) error {
			dest = slices.Concat(dest[:len(dest)-2], []any{&r.root, &r.n, &r.voids})
			return row(dest...)
		})
		return r, err
	}, `SELECT `+pieceColumns+`, NOT `+notVoid+` FROM evidence e WHERE e.district = $1 AND e.root IN (`+marks(&args, roots)+`)
		AND e.revision = (SELECT max(x.revision) FROM evidence x WHERE x.district = e.district AND x.root = e.root) ORDER BY e.root`, args...)
	out := make(map[string]revision, len(roots))
	for _, r := range list {
		out[r.root] = r
	}
	return out, err
}

// learners returns what the model remembers of the students of some pairs, with their
// states on the pairs' competencies.
func (tx *DB) learners(ctx context.Context, d roster.DistrictID, pairs []pair) (map[roster.PersonID]*mastery.Learner, error) {
	out := map[roster.PersonID]*mastery.Learner{}
	seen := make(map[pair]bool, len(pairs))
	args := []any{d}
	var values strings.Builder
	for _, p := range pairs {
		if out[p.student] == nil {
			out[p.student] = &mastery.Learner{States: map[competency.ID]mastery.State{}}
		}
		if seen[p] || p.competency == "" {
			continue
		}
		seen[p] = true
		if values.Len() > 0 {
			values.WriteString(", ")
		}
		fmt.Fprintf(&values, "($%d, $%d)", len(args)+1, len(args)+2)
		args = append(args, p.student, p.competency)
	}
	abilities, err := tx.abilities(ctx, d, slices.Collect(maps.Keys(out)))
	if err != nil {
		return nil, err
	}
	for s, a := range abilities {
		out[s].Ability = a
	}
	if values.Len() == 0 {
		return out, nil
	}
	list, err := many(ctx, tx, scanState, `WITH pair (student, competency) AS (VALUES `+values.String()+`)
		SELECT `+stateColumns+` FROM pair p CROSS JOIN mastery m
		WHERE m.district = $1 AND m.student = p.student AND m.competency = p.competency ORDER BY m.student, m.competency`, args...)
	for _, r := range list {
		out[r.Student].States[r.Competency] = r.State
	}
	return out, err
}

// abilities returns what the evidence of some students tells across competencies.
func (db *DB) abilities(ctx context.Context, d roster.DistrictID, students []roster.PersonID) (map[roster.PersonID]mastery.Ability, error) {
	type known struct {
		id roster.PersonID
		mastery.Ability
	}
	args := []any{d}
	list, err := many(ctx, db, func(row func(...any) error) (k known, err error) {
		var last int64
		err = row(&k.id, &k.Precision, &k.Weighted, &k.N, &last, &k.Sudden, &k.Success, &k.First, &k.Held, &k.Foreseen)
		k.Last = moment(last)
		return k, err
	}, `SELECT student, precision_sum, weighted_sum, pieces, last_at, sudden, success, first_pieces, held, foreseen FROM ability WHERE district = $1 AND student IN (`+marks(&args, students)+`)`, args...)
	out := make(map[roster.PersonID]mastery.Ability, len(list))
	for _, k := range list {
		out[k.id] = k.Ability
	}
	return out, err
}

func insertPieces(n int) string {
	return `INSERT INTO evidence (district, run, student, competency, at, id, root, revision, kind, score, most, se, scale, percentile,
		label, item, easier, guess, attempt, hints, seconds, recorded, source, actor, class, note) VALUES ` + rowsOf(n, 24, 1, "$1, ''")
}

func insertVoids(n int) string {
	return `INSERT INTO evidence_void (district, run, root, revision, reason, actor, at) VALUES ` + rowsOf(n, 5, 1, "$1, ''") + ` ON CONFLICT DO NOTHING`
}

// EvidenceCount returns how many pieces count in a district.
func (db *DB) EvidenceCount(ctx context.Context, d roster.DistrictID) (int, error) {
	return one(ctx, db, value[int], `SELECT (SELECT count(*) FROM evidence WHERE district = $1) - (SELECT count(*) FROM
		(SELECT DISTINCT root, revision FROM evidence_void WHERE district = $1) v)`, d)
}
