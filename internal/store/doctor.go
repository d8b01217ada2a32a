package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strconv"

	"waymark/internal/mastery"
	"waymark/internal/roster"
)

// digested are the tables of which a state consists, with what of each row belongs to
// it: not when something was loaded or signed in, nor random ids of events, nor the log of who
// did what, which verifies itself.
func digested() [][2]string {
	tables := [][2]string{{"district", "id, name"}}
	for _, t := range twins {
		tables = append(tables, [2]string{t.name, "district, id, active, " + t.list("")})
	}
	return append(tables,
		[2]string{"evidence", `district, student, competency, at, id, root, revision, kind, score, most, se, scale, percentile, label, item, easier, guess, attempt, hints, seconds, source, actor, class, note`},
		[2]string{"evidence_void", "DISTINCT district, root, revision"},
		[2]string{"mastery", `district, student, competency, mean, variance, prior, prior_variance, pieces, recent, first_at, last_at, seen_at,
			stability, difficulty, practised_at, grade, verdict, there, spent, level, spread, model`},
		[2]string{"mastery_week", "district, student, competency, week, mean, variance, prior, prior_variance, pieces, last_at, grade, verdict"},
		[2]string{"ability", "district, student, precision_sum, weighted_sum, pieces, last_at, sudden, success, first_pieces, held, foreseen"},
		[2]string{"learner_version", "district, id, seed, students, pieces, model, forecast"},
		[2]string{"learner_choice", "district, number, version, criterion, because"},
		[2]string{"goal", "district, student, what, why, proof, competency, area, term, by_day, author"},
		[2]string{"goal_step", "district, student, what, author"},
		[2]string{"goal_stage", "district, student, stage, note, author"},
		[2]string{"pathway_item", "district, student, kind, title, place, begins, ends, state, author"},
		[2]string{"plan_remark", "district, student, kind, body, author, party"},
		[2]string{"plan_participant", "district, student, name, part, author"},
		[2]string{"plan_version", "district, student, version, body"},
		[2]string{"plan_signature", "district, student, version, signer, party, name"},
		[2]string{"person_language", "district, person, language"},
		[2]string{"choice", "district, student, competency, material, own, why, because, rule, offered, answer, reply, answered_by, outcome"},
		[2]string{"choice_checkpoint", "district, student, number"},
		[2]string{"outside", "district, student, what, place, kind, day, hours, competencies, author, seen, verifier, remark, counted_by"},
		[2]string{"profile_event", "district, student, doing, kind, body, code, visibility, evidence, author, voice"},
		[2]string{"conference", "district, student, held_with, kind, minutes"},
		[2]string{"conference_note", "district, student, number, body, visibility, author"},
		[2]string{"commitment", "district, student, who, person, what, by_day, author, dropped"},
		[2]string{"mentor", "district, student, person, author"},
		[2]string{"road_wish", "district, student, competency, want, author"},
		[2]string{"queue_move", "district, class, student, place, rule, because, actor"},
		[2]string{"conference_request", "district, student, author, voice, body, wanted, agreed_with"},
		[2]string{"check_given", "district, class, purpose, competencies, students, most, actor"},
		[2]string{"sitting", "district, student, class, purpose, form"},
		[2]string{"study", "district, plan, author, extract, result"},
		[2]string{"study_lot", "district, unit, block, treated, wave"},
		[2]string{"practice", "district, body, author"},
		[2]string{"dose_reason", "district, student, why, since, until, author"},
		[2]string{"rule_book", "district, school, version, body, note, author"},
		[2]string{"proposal", "district, id, class, step, kind, rule, because, students"},
		[2]string{"proposals_off", "district, class, author"},
		[2]string{"playbook_line", "district, school, kind, words, author"},
		[2]string{"flag", "district, student, proposal, because, rule, owner, doing, review, expires, author, outcome, outcome_note, closed_by, contest, contested_by, reply, replied_by"},
		[2]string{"flex_calendar", "district, school, body, author"},
		[2]string{"flex_room", "district, school, id, name, seats, tags"},
		[2]string{"flex_offer", "district, school, title, purpose, competencies, seats, least, door, grades, leader, room, equipment, supports, materials, slots, state, author"},
		[2]string{"flex_request", "district, student, school, week, rank, answer, why, answered_by"},
		[2]string{"flex_required", "district, student, school, week, why, author"},
		[2]string{"flex_away", "district, school, person, slot, author"},
		[2]string{"flex_instead", "district, school, slot, person, author"},
		[2]string{"flex_week", "district, school, week, seed, solved_by, published_by"},
		[2]string{"flex_held", "district, school, slot, room, leader"},
		[2]string{"flex_place", "district, student, slot, school, how, attended, marked_by"},
		[2]string{"group_set", "district, class, title, until, instance, plan, author"},
		[2]string{"group_class", "district, class"},
		[2]string{"team", "district, school, name, kind, grade, space, lead, planning, author"},
		[2]string{"team_member", "district, person"},
		[2]string{"team_item", "district, words, student, owner, due, author, outcome"},
		[2]string{"group_member", "district, student, class, place, because, role, answered"},
		[2]string{"group_pulse", "district, class, relevance, inclusion, support, belongs"},
		[2]string{"course_design", "district, class, item, author"},
		[2]string{"class_ask", "district, class, author"},
		[2]string{"class_said", "district, student, class"},
		[2]string{"class_answer", "district, class, autonomy, competence, relatedness, relevance, belongs"},
		[2]string{"tutoring", "district, student, competency, side, class"},
		[2]string{"legal_hold", "district, person, because, author"},
		[2]string{"step_decision", "district, class, step, rule, because, students, decision, reason, actor"},
	)
}

// Digest returns one digest of the whole stored state. It is equal for equal states,
// whichever database holds them and in whatever order they came about.
func (db *DB) Digest(ctx context.Context) (string, error) { return db.digest(ctx, "") }

// digest is the same of one district; of all where it is empty.
func (db *DB) digest(ctx context.Context, d roster.DistrictID) (string, error) {
	total := sha256.New()
	for _, t := range digested() {
		sum, n, err := db.digestTable(ctx, d, t[0], t[1])
		if err != nil {
			return "", fmt.Errorf("digest %s: %w", t[0], err)
		}
		fmt.Fprintf(total, "%s %d %s\n", t[0], n, hex.EncodeToString(sum[:]))
	}
	return hex.EncodeToString(total.Sum(nil)), nil
}

// digestTable adds up the digests of a table's rows, so that their order does not
// matter and nothing need be sorted.
func (db *DB) digestTable(ctx context.Context, d roster.DistrictID, table, columns string) (sum [32]byte, n int, err error) {
	h := sha256.New()
	_, err = db.eachRow(ctx, `SELECT `+columns+` FROM `+table+` WHERE '' = $1 OR `+districtIn(table)+` = $1`, []any{d}, func(names []string, values []any) error {
		h.Reset()
		for i, v := range values {
			writeValue(h, names[i], v)
		}
		var one [32]byte
		h.Sum(one[:0])
		carry := 0
		for i := 31; i >= 0; i-- {
			carry += int(sum[i]) + int(one[i])
			sum[i] = byte(carry)
			carry >>= 8
		}
		n++
		return nil
	})
	return sum, n, err
}

// districtIn is the column of a table that tells the district.
func districtIn(table string) string {
	if table == "district" {
		return "id"
	}
	return "district"
}

// eachRow calls f with the columns and values of each row that a query finds, whatever they are, and
// returns the columns. The values are written over by the next row.
func (db *DB) eachRow(ctx context.Context, query string, args []any, f func(columns []string, values []any) error) ([]string, error) {
	rows, err := db.query(ctx, query, args)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	values, dest := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		dest[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		if err := f(columns, values); err != nil {
			return nil, err
		}
	}
	return columns, db.dialect.fault(rows.Err())
}

// booleans are columns that SQLite keeps as numbers.
var booleans = []string{"active", "is_primary", "enabled", "assessable", "calibrated", "dropped", "answered", "suspended", "treated", "virtual", "given", "waits"}

func writeValue(h hash.Hash, column string, v any) {
	switch v := v.(type) {
	case int64:
		if slices.Contains(booleans, column) {
			h.Write(strconv.AppendBool(nil, v != 0))
		} else {
			h.Write(strconv.AppendInt(nil, v, 10))
		}
	case float64:
		h.Write(strconv.AppendFloat(nil, v, 'b', -1, 64))
	case bool:
		h.Write(strconv.AppendBool(nil, v))
	case string:
		h.Write([]byte(v))
	case []byte:
		h.Write(v)
	default:
		fmt.Fprint(h, v)
	}
	h.Write([]byte{0x1e})
}

// Replay is what comparing the estimates with the log found.
type Replay struct {
	Students int      `json:"students"`
	Pieces   int      `json:"pieces"`
	Pairs    int      `json:"pairs"`
	Wrong    int      `json:"wrong"`    // estimates that the log does not give
	Examples []string `json:"examples"` // the first of them, by student and competency id
}

// CheckReplay folds the whole log again and compares every estimate, bit by bit, with
// the stored one. With repair, it replaces those that differ.
func (db *DB) CheckReplay(ctx context.Context, d roster.DistrictID, repair bool) (Replay, error) {
	var r Replay
	var last roster.PersonID
	m, err := db.Model(ctx, d)
	if err != nil {
		return r, err
	}
	for {
		students, err := db.studentsAfter(ctx, d, last)
		if err != nil || len(students) == 0 {
			return r, err
		}
		last = students[len(students)-1]
		if err := db.checkStudents(ctx, d, m, students, repair, &r); err != nil {
			return r, err
		}
	}
}

func (db *DB) checkStudents(ctx context.Context, d roster.DistrictID, m *mastery.Model, students []roster.PersonID, repair bool, r *Replay) error {
	pieces, err := db.foldPieces(ctx, d, students)
	if err != nil {
		return err
	}
	stored, err := db.Mastery(ctx, d, students)
	if err != nil {
		return err
	}
	abilities, err := db.abilities(ctx, d, students)
	if err != nil {
		return err
	}
	args := []any{d}
	weeks, err := many(ctx, db, func(row func(...any) error) (w weekly, err error) {
		var at int64
		err = row(&w.student, &w.competency, &w.Week, &w.Mean, &w.Variance, &w.Prior, &w.PriorVariance, &w.N, &at, &w.Grade.Score, &w.Grade.Verdict)
		w.Last = moment(at)
		return w, err
	}, `SELECT student, competency, week, mean, variance, prior, prior_variance, pieces, last_at, grade, verdict FROM mastery_week
		WHERE district = $1 AND student IN (`+marks(&args, students)+`) ORDER BY student, competency, week`, args...)
	if err != nil {
		return err
	}
	have := map[pair]mastery.State{}
	for _, s := range stored {
		have[pair{s.Student, s.Competency}] = s.State
	}
	haveWeeks := map[pair][]mastery.Weekly{}
	for _, w := range weeks {
		haveWeeks[w.pair] = append(haveWeeks[w.pair], w.Weekly)
	}
	var wrong []roster.PersonID
	for _, s := range students {
		l, ws := m.FoldWeekly(pieces[s])
		r.Students++
		r.Pieces += len(pieces[s])
		r.Pairs += len(l.States)
		bad := 0
		if l.Ability != abilities[s] {
			bad++
			r.example(string(s))
		}
		for c, want := range l.States {
			k := pair{s, c}
			same := want == have[k] && slices.EqualFunc(ws[c], haveWeeks[k], func(a, b mastery.Weekly) bool {
				return a.Week == b.Week && a.Mean == b.Mean && a.Variance == b.Variance && a.Prior == b.Prior && a.PriorVariance == b.PriorVariance &&
					a.N == b.N && a.Last.Equal(b.Last) && a.Grade == b.Grade
			})
			if !same {
				bad++
				r.example(string(s) + " " + string(c))
			}
			delete(have, k)
		}
		for k := range have {
			if k.student == s {
				bad++
				r.example(string(s) + " " + string(k.competency))
			}
		}
		if bad > 0 {
			wrong = append(wrong, s)
			r.Wrong += bad
		}
	}
	if !repair || len(wrong) == 0 {
		return nil
	}
	return db.Tx(ctx, func(tx *DB) error { return tx.refold(ctx, d, wrong) })
}

func (r *Replay) example(s string) {
	if len(r.Examples) < 10 {
		r.Examples = append(r.Examples, s)
	}
}

// Check looks for what should not be: rows that refer to nothing.
func (db *DB) Check(ctx context.Context) ([]string, error) {
	var found []string
	for _, c := range []struct{ what, query string }{
		{"enrollments of people who are not here", `SELECT count(*) FROM enrollment e WHERE e.active AND NOT EXISTS (SELECT 1 FROM person p WHERE p.district = e.district AND p.id = e.person)`},
		{"enrollments in classes that are not here", `SELECT count(*) FROM enrollment e WHERE e.active AND NOT EXISTS (SELECT 1 FROM class c WHERE c.district = e.district AND c.id = e.class)`},
		{"pieces of evidence of people who are not here", `SELECT count(*) FROM evidence e WHERE NOT EXISTS (SELECT 1 FROM person p WHERE p.district = e.district AND p.id = e.student)`},
		{"pieces of evidence on competencies that are not here", `SELECT count(*) FROM evidence e WHERE e.competency <> '' AND NOT EXISTS (SELECT 1 FROM competency c WHERE c.district = e.district AND c.id = e.competency)`},
	} {
		n, err := one(ctx, db, value[int], c.query)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			found = append(found, fmt.Sprintf("%d %s", n, c.what))
		}
	}
	if !db.dialect.bulk {
		words, err := many(ctx, db, value[string], `PRAGMA integrity_check`)
		if err != nil {
			return nil, err
		}
		if len(words) != 1 || words[0] != "ok" {
			found = append(found, words...)
		}
	}
	return found, nil
}
