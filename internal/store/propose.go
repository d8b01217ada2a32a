package store

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"waymark/internal/assess"
	"waymark/internal/competency"
	"waymark/internal/fault"
	"waymark/internal/propose"
	"waymark/internal/roster"
)

// Decide keeps what a teacher made of a proposed step.
func (db *DB) Decide(ctx context.Context, d roster.DistrictID, s propose.Decision) error {
	_, err := db.exec(ctx, `INSERT INTO step_decision (district, id, class, step, rule, because, students, decision, reason, actor, at, until)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		d, newID(), s.Class, s.Step, s.Rule, s.Because, joinList(s.Students), s.What, s.Reason, s.Actor, micros(s.At), micros(s.Until))
	return err
}

const decisionColumns = `class, step, rule, because, students, decision, reason, actor, at, until`

func scanDecision(row func(...any) error) (s propose.Decision, err error) {
	var at, until int64
	var students string
	err = row(&s.Class, &s.Step, &s.Rule, &s.Because, &students, &s.What, &s.Reason, &s.Actor, &at, &until)
	s.Students, s.At, s.Until = splitList[roster.PersonID](students), moment(at), moment(until)
	return s, err
}

// Decisions returns the decisions on a class's steps that still hold, latest first.
func (db *DB) Decisions(ctx context.Context, d roster.DistrictID, class roster.ClassID) ([]propose.Decision, error) {
	return many(ctx, db, scanDecision, `SELECT `+decisionColumns+` FROM step_decision
		WHERE district = $1 AND class = $2 AND until > $3 ORDER BY at DESC, id DESC`, d, class, micros(db.now()))
}

// Rules returns the rules of proposals at work in a school: its own latest version, or the
// district's, or those that the program brings along; of the district where school is empty.
func (db *DB) Rules(ctx context.Context, d roster.DistrictID, school roster.OrgID) (propose.Rules, error) {
	list, err := db.RuleVersions(ctx, d, school, 1)
	switch {
	case err != nil:
		return propose.Rules{}, err
	case len(list) > 0 && list[0].Text != "":
		return list[0].Read()
	case school != "":
		return db.Rules(ctx, d, "")
	}
	return propose.ShippedRules(), nil
}

// RuleOf returns the rule that a proposal names, as it stood in its version; an empty one where
// that version had none of its kind.
func (db *DB) RuleOf(ctx context.Context, d roster.DistrictID, name propose.Rule) (t propose.RuleText, version int, err error) {
	kind, version := name.Split()
	rules := propose.ShippedRules()
	if version != rules.Version {
		v, err := one(ctx, db, scanRuleVersion, `SELECT `+ruleVersionColumns+` FROM rule_book WHERE district = $1 AND version = $2`, d, int64(version))
		if err != nil {
			return t, version, err
		}
		if rules, err = v.Read(); err != nil {
			return t, version, err
		}
	}
	t, _ = rules.Text(kind)
	return t, version, nil
}

const ruleVersionColumns = `school, version, body, note, author, at`

func scanRuleVersion(row func(...any) error) (v propose.RuleVersion, err error) {
	var at int64
	err = row(&v.School, &v.Version, &v.Text, &v.Note, &v.Author, &at)
	v.At = moment(at)
	return v, err
}

// RuleVersions returns the latest versions of a school's own rules, or of the district's where school
// is empty, latest first. One without a text says that the district's hold again.
func (db *DB) RuleVersions(ctx context.Context, d roster.DistrictID, school roster.OrgID, most int) ([]propose.RuleVersion, error) {
	return many(ctx, db, scanRuleVersion, `SELECT `+ruleVersionColumns+` FROM rule_book WHERE district = $1 AND school = $2 ORDER BY version DESC LIMIT $3`, d, school, int64(most))
}

// SetRules keeps a new version of the rules of a school, or of the district where school is empty;
// rules without a file take a school's own back. was is the version that it was made from. Numbers of
// versions are the district's, so that each names one text.
func (db *DB) SetRules(ctx context.Context, d roster.DistrictID, school roster.OrgID, r propose.Rules, was int, note string, author roster.PersonID) (version int, err error) {
	err = db.Tx(ctx, func(tx *DB) error {
		now, err := tx.Rules(ctx, d, school)
		if err != nil {
			return err
		}
		if now.Version != was {
			return fault.New(fault.Conflict, "Somebody else changed the rules meanwhile: there is version %d now. Open the page again; what you wrote is still in the box.", now.Version)
		}
		last, err := one(ctx, tx, value[int], `SELECT COALESCE(max(version), $2) FROM rule_book WHERE district = $1`, d, int64(propose.ShippedRules().Version))
		if err != nil {
			return err
		}
		version = last + 1
		_, err = tx.exec(ctx, `INSERT INTO rule_book (district, school, version, body, note, author, at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			d, school, int64(version), r.File, note, author, micros(tx.now()))
		return err
	})
	return version, err
}

// Propose keeps proposals as they are shown; one that is kept already stays as it was.
func (db *DB) Propose(ctx context.Context, d roster.DistrictID, list []propose.Proposal) error {
	if len(list) == 0 {
		return nil
	}
	args := []any{d}
	ids := make([]string, len(list))
	for i, p := range list {
		ids[i] = p.ID
	}
	have, err := many(ctx, db, value[string], `SELECT id FROM proposal WHERE district = $1 AND id IN (`+marks(&args, ids)+`)`, args...)
	if err != nil || len(have) == len(list) {
		return err
	}
	return db.Tx(ctx, func(tx *DB) error {
		for _, p := range list {
			detail, err := json.Marshal(p)
			if err != nil {
				return err
			}
			if _, err := tx.exec(ctx, `INSERT INTO proposal (district, id, class, step, kind, rule, because, students, detail, weight, at)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (district, id) DO NOTHING`,
				d, p.ID, p.Class, p.Step, string(p.Kind), p.Rule, p.Because, joinList(p.Students), string(detail), p.Weight, micros(p.At)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Proposal returns a proposal as it was made.
func (db *DB) Proposal(ctx context.Context, d roster.DistrictID, id string) (p propose.Proposal, err error) {
	text, err := many(ctx, db, value[string], `SELECT detail FROM proposal WHERE district = $1 AND id = $2`, d, id)
	if err != nil {
		return p, err
	}
	if len(text) == 0 {
		return p, fault.New(fault.NotFound, "There is no proposal %q.", id)
	}
	return p, json.Unmarshal([]byte(text[0]), &p)
}

// DecisionsOn returns all that was decided on a step of a class, latest first, whether it
// still holds or not.
func (db *DB) DecisionsOn(ctx context.Context, d roster.DistrictID, class roster.ClassID, step string) ([]propose.Decision, error) {
	return many(ctx, db, scanDecision, `SELECT `+decisionColumns+` FROM step_decision
		WHERE district = $1 AND class = $2 AND step = $3 ORDER BY at DESC, id DESC`, d, class, step)
}

// ProposalsOff reports whether a class has its proposals turned off.
func (db *DB) ProposalsOff(ctx context.Context, d roster.DistrictID, class roster.ClassID) (bool, error) {
	n, err := one(ctx, db, value[int], `SELECT count(*) FROM proposals_off WHERE district = $1 AND class = $2`, d, class)
	return n > 0, err
}

// TurnProposals turns the proposals of a class off or on.
func (db *DB) TurnProposals(ctx context.Context, d roster.DistrictID, class roster.ClassID, off bool, author roster.PersonID) error {
	query, args := `DELETE FROM proposals_off WHERE district = $1 AND class = $2`, []any{d, class}
	if off {
		query = `INSERT INTO proposals_off (district, class, author, at) VALUES ($1, $2, $3, $4) ON CONFLICT (district, class) DO NOTHING`
		args = append(args, author, micros(db.now()))
	}
	_, err := db.exec(ctx, query, args...)
	return err
}

// Playbook returns what a school's teachers added to the rules' own suggestions, in their order.
func (db *DB) Playbook(ctx context.Context, d roster.DistrictID, school roster.OrgID) ([]propose.Play, error) {
	return many(ctx, db, func(row func(...any) error) (l propose.Play, err error) {
		return l, row(&l.ID, &l.School, &l.Kind, &l.Words, &l.Author)
	}, `SELECT id, school, kind, words, author FROM playbook_line WHERE district = $1 AND school = $2 AND ended = 0 ORDER BY at, id`, d, school)
}

// AddPlay adds a line to a school's playbook.
func (db *DB) AddPlay(ctx context.Context, d roster.DistrictID, l propose.Play) error {
	if err := l.Validate(); err != nil {
		return err
	}
	return db.Tx(ctx, func(tx *DB) error {
		all, err := tx.Playbook(ctx, d, l.School)
		if err != nil {
			return err
		}
		if len(propose.Plays(all, l.Kind)) >= propose.PlaysMost {
			return fault.Field("line", "There are %d lines already. Take one away first.", propose.PlaysMost)
		}
		_, err = tx.exec(ctx, `INSERT INTO playbook_line (district, id, school, kind, words, author, at, ended) VALUES ($1, $2, $3, $4, $5, $6, $7, 0)`,
			d, newID(), l.School, string(l.Kind), strings.TrimSpace(l.Words), l.Author, micros(tx.now()))
		return err
	})
}

// EndPlay takes a line out of a school's playbook. Who did not write it may not.
func (db *DB) EndPlay(ctx context.Context, d roster.DistrictID, school roster.OrgID, id string, author roster.PersonID) error {
	n, err := db.exec(ctx, `UPDATE playbook_line SET ended = $5 WHERE district = $1 AND school = $2 AND id = $3 AND author = $4 AND ended = 0`, d, school, id, author, micros(db.now()))
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "This line is not there any more, or somebody else wrote it.")
	}
	return err
}

// Alike returns wrong answers that several of some students gave to the same question of a
// check since a time.
func (db *DB) Alike(ctx context.Context, d roster.DistrictID, students []roster.PersonID, since time.Time) ([]propose.Alike, error) {
	type given struct {
		item, answer string
		student      roster.PersonID
		last         int64
	}
	args := []any{d, micros(since)}
	list, err := many(ctx, db, func(row func(...any) error) (g given, err error) {
		return g, row(&g.item, &g.answer, &g.student, &g.last)
	},
		`SELECT a.item, a.answer, s.student, max(a.at) FROM sitting s JOIN sitting_answer a ON a.district = s.district AND a.sitting = s.id
		WHERE s.district = $1 AND a.at >= $2 AND a.category = 0 AND a.answer <> '' AND s.student IN (`+marks(&args, students)+`) GROUP BY a.item, a.answer, s.student ORDER BY a.item, a.answer, s.student`, args...)
	if err != nil {
		return nil, err
	}
	var out []propose.Alike
	var items []assess.ItemID
	for i := 0; i < len(list); {
		j := i
		var who []roster.PersonID
		var last int64
		for ; j < len(list) && list[j].item == list[i].item && list[j].answer == list[i].answer; j++ {
			who = append(who, list[j].student)
			last = max(last, list[j].last)
		}
		if len(who) > 1 {
			out = append(out, propose.Alike{Question: list[i].item, Answer: list[i].answer, Students: who, Last: moment(last)})
			items = append(items, assess.ItemID(list[i].item))
		}
		i = j
	}
	if len(out) == 0 {
		return nil, nil
	}
	questions, err := db.QuestionsNamed(ctx, d, items)
	if err != nil {
		return nil, err
	}
	for i := range out {
		for _, q := range questions {
			if string(q.ID) == out[i].Question {
				out[i].Question, out[i].Competency = q.Text, competency.ID(q.Competency)
				break
			}
		}
	}
	return out, nil
}

const flagColumns = `student, id, proposal, because, rule, owner, doing, review, expires, author, at, outcome, outcome_note, closed_by, closed_at, contest, contested_by, contested_at, reply, replied_by, replied_at`

func scanFlag(row func(...any) error) (f propose.Flag, err error) {
	var at, closed, contested, replied int64
	err = row(&f.Student, &f.ID, &f.Proposal, &f.Because, &f.Rule, &f.Owner, &f.Action, &f.Review, &f.Expires, &f.Author, &at,
		&f.Outcome, &f.OutcomeNote, &f.ClosedBy, &closed, &f.Contest, &f.ContestedBy, &contested, &f.Reply, &f.RepliedBy, &replied)
	f.At, f.Closed, f.Contested, f.Replied = moment(at), moment(closed), moment(contested), moment(replied)
	return f, err
}

// Flags returns the flags of some students, latest first.
func (db *DB) Flags(ctx context.Context, d roster.DistrictID, students []roster.PersonID) ([]propose.Flag, error) {
	args := []any{d}
	return many(ctx, db, scanFlag, `SELECT `+flagColumns+` FROM flag WHERE district = $1 AND student IN (`+marks(&args, students)+`) ORDER BY at DESC, id`, args...)
}

// FlagsOf returns the open flags that somebody looks after, the first to look at again first.
func (db *DB) FlagsOf(ctx context.Context, d roster.DistrictID, owner roster.PersonID) ([]propose.Flag, error) {
	return many(ctx, db, scanFlag, `SELECT `+flagColumns+` FROM flag WHERE district = $1 AND owner = $2 AND closed_at = 0 AND expires >= $3 ORDER BY review, id`, d, owner, db.today())
}

// ofSchool are the students of school $3 on day $1.
const ofSchool = `(SELECT person FROM role WHERE district = $2 AND org = $3 AND role = 'student' AND active AND ` + onDay + `)`

// FlagsAt returns the flags of a school's students: those that are open, the first to look at again
// first, and those that were closed since a moment.
func (db *DB) FlagsAt(ctx context.Context, d roster.DistrictID, school roster.OrgID, since time.Time) ([]propose.Flag, error) {
	return many(ctx, db, scanFlag, `SELECT `+flagColumns+` FROM flag WHERE district = $2 AND student IN `+ofSchool+`
		AND (closed_at = 0 AND expires >= $1 OR closed_at >= $4) ORDER BY closed_at, review, id`, db.today(), d, school, micros(since))
}

// Unattended returns the proposals about one student of a school, of some kinds, since a moment, that
// nobody raised a flag from or decided on, the weightiest of each student and kind, in their order.
func (db *DB) Unattended(ctx context.Context, d roster.DistrictID, school roster.OrgID, kinds []propose.StepKind, since time.Time) ([]propose.Proposal, error) {
	if len(kinds) == 0 {
		return nil, nil
	}
	args := []any{db.today(), d, school, micros(since), micros(db.now())}
	list, err := many(ctx, db, value[string], `SELECT p.detail FROM proposal p WHERE p.district = $2 AND p.at >= $4 AND p.students IN `+ofSchool+`
		AND NOT EXISTS (SELECT 1 FROM flag f WHERE f.district = p.district AND f.student = p.students AND f.rule = p.rule AND (f.closed_at = 0 AND f.expires >= $1 OR f.at >= p.at))
		AND NOT EXISTS (SELECT 1 FROM step_decision s WHERE s.district = p.district AND s.class = p.class AND s.step = p.step AND s.until > $5)
		AND p.kind IN (`+marks(&args, kinds)+`) ORDER BY p.weight DESC, p.id`, args...)
	if err != nil {
		return nil, err
	}
	var out []propose.Proposal
	seen := map[[2]string]bool{}
	for _, text := range list {
		var p propose.Proposal
		if err := json.Unmarshal([]byte(text), &p); err != nil {
			return nil, err
		}
		if key := [2]string{string(p.Students[0]), string(p.Kind)}; !seen[key] {
			seen[key] = true
			out = append(out, p)
		}
	}
	return out, nil
}

// RaiseFlag keeps a flag.
func (db *DB) RaiseFlag(ctx context.Context, d roster.DistrictID, f propose.Flag) error {
	if err := f.Validate(db.now()); err != nil {
		return err
	}
	_, err := db.exec(ctx, `INSERT INTO flag (district, `+flagColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, '', '', '', 0, '', '', 0, '', '', 0)`,
		d, f.Student, newID(), f.Proposal, f.Because, f.Rule, f.Owner, strings.TrimSpace(f.Action), f.Review, f.Expires, f.Author, micros(db.now()))
	return err
}

// CloseFlag ends a flag with what came of it.
func (db *DB) CloseFlag(ctx context.Context, d roster.DistrictID, student roster.PersonID, id string, o propose.Outcome, note string, by roster.PersonID) error {
	n, err := db.exec(ctx, `UPDATE flag SET outcome = $4, outcome_note = $5, closed_by = $6, closed_at = $7 WHERE district = $1 AND student = $2 AND id = $3 AND closed_at = 0`,
		d, student, id, string(o), note, by, micros(db.now()))
	return flagGone(n, err)
}

// ContestFlag keeps what the student or the family says against a flag.
func (db *DB) ContestFlag(ctx context.Context, d roster.DistrictID, student roster.PersonID, id, words string, by roster.PersonID) error {
	n, err := db.exec(ctx, `UPDATE flag SET contest = $4, contested_by = $5, contested_at = $6, reply = '', replied_by = '', replied_at = 0 WHERE district = $1 AND student = $2 AND id = $3 AND closed_at = 0`,
		d, student, id, words, by, micros(db.now()))
	return flagGone(n, err)
}

// AnswerContest keeps what the school says to somebody who said, at that time, that a flag is not right.
func (db *DB) AnswerContest(ctx context.Context, d roster.DistrictID, student roster.PersonID, id string, contested time.Time, words string, by roster.PersonID) error {
	n, err := db.exec(ctx, `UPDATE flag SET reply = $4, replied_by = $5, replied_at = $6 WHERE district = $1 AND student = $2 AND id = $3 AND closed_at = 0 AND contest <> '' AND contested_at = $7`,
		d, student, id, words, by, micros(db.now()), micros(contested))
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "There is nothing to answer, or it was said in other words since you opened the page. Read it first.")
	}
	return err
}

func flagGone(n int64, err error) error {
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "This is not open any more.")
	}
	return err
}
