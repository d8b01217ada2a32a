package store

import (
	"context"
	"slices"
	"time"

	"waymark/internal/conference"
	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/plan"
	"waymark/internal/roster"
)

// Conferences returns the talks held with some students, without their notes, latest first.
func (db *DB) Conferences(ctx context.Context, d roster.DistrictID, students []roster.PersonID) ([]conference.Conference, error) {
	args := []any{d}
	return many(ctx, db, func(row func(...any) error) (c conference.Conference, err error) {
		var at int64
		err = row(&c.ID, &c.Student, &c.With, &c.Kind, &at, &c.Minutes)
		c.At = moment(at)
		return c, err
	}, `SELECT id, student, held_with, kind, at, minutes FROM conference WHERE district = $1 AND student IN (`+marks(&args, students)+`) ORDER BY at DESC, id DESC`, args...)
}

// ConferenceNotes returns what was written down of a student's talks, by talk, in the order
// in which it was written.
func (db *DB) ConferenceNotes(ctx context.Context, d roster.DistrictID, student roster.PersonID) (map[conference.ID][]conference.Note, error) {
	notes := map[conference.ID][]conference.Note{}
	_, err := many(ctx, db, func(row func(...any) error) (n conference.Note, err error) {
		var of conference.ID
		var at int64
		err = row(&of, &n.Text, &n.Visibility, &n.Author, &at)
		n.At = moment(at)
		notes[of] = append(notes[of], n)
		return n, err
	}, `SELECT conference, body, visibility, author, at FROM conference_note WHERE district = $1 AND student = $2 ORDER BY conference, number`, d, student)
	return notes, err
}

// HoldConference keeps a talk with its notes, what was agreed and the goals that were set in
// it, and closes the requests for it: all of it or nothing. A check-in closes none.
func (db *DB) HoldConference(ctx context.Context, d roster.DistrictID, c conference.Conference, agreed []conference.Commitment, goals []plan.Goal) (conference.Conference, error) {
	if err := c.Validate(); err != nil {
		return c, err
	}
	for _, x := range agreed {
		if err := x.Validate(); err != nil {
			return c, err
		}
	}
	for _, g := range goals {
		if err := g.Validate(); err != nil {
			return c, err
		}
	}
	err := db.Tx(ctx, func(tx *DB) error {
		c.ID, c.At = conference.ID(newID()), moment(micros(tx.now()))
		at := micros(c.At)
		if _, err := tx.exec(ctx, `INSERT INTO conference (district, student, id, held_with, kind, at, minutes) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			d, c.Student, c.ID, c.With, c.Kind, at, c.Minutes); err != nil {
			return err
		}
		for i := range c.Notes {
			n := &c.Notes[i]
			n.Author, n.At = c.With, c.At
			if _, err := tx.exec(ctx, `INSERT INTO conference_note (district, student, conference, number, body, visibility, author, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
				d, c.Student, c.ID, i, n.Text, n.Visibility, n.Author, at); err != nil {
				return err
			}
		}
		for _, x := range agreed {
			if _, err := tx.exec(ctx, `INSERT INTO commitment (district, student, id, conference, who, person, what, by_day, made_at, author, done_at, dropped)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11)`, d, c.Student, newID(), c.ID, x.Who, x.Person, x.What, x.By, at, c.With, false); err != nil {
				return err
			}
		}
		for _, g := range goals {
			if _, err := tx.AddGoal(ctx, d, g); err != nil {
				return err
			}
		}
		if c.Kind != conference.Talk {
			return nil
		}
		_, err := tx.exec(ctx, `UPDATE conference_request SET closed = $3 WHERE district = $1 AND student = $2 AND closed = 0`, d, c.Student, at)
		return err
	})
	return c, err
}

const commitmentColumns = `id, student, conference, who, person, what, by_day, made_at, author, done_at, dropped`

func scanCommitment(row func(...any) error) (c conference.Commitment, err error) {
	var made, done int64
	err = row(&c.ID, &c.Student, &c.Conference, &c.Who, &c.Person, &c.What, &c.By, &made, &c.Author, &done, &c.Dropped)
	c.Made, c.Done = moment(made), moment(done)
	return c, err
}

// Commitments returns what was agreed with some students, what is open first, then by the
// day by which it is to be kept; without a day last.
func (db *DB) Commitments(ctx context.Context, d roster.DistrictID, students []roster.PersonID) ([]conference.Commitment, error) {
	args := []any{d}
	return many(ctx, db, scanCommitment, `SELECT `+commitmentColumns+` FROM commitment WHERE district = $1 AND student IN (`+marks(&args, students)+`)
		ORDER BY CASE WHEN done_at = 0 THEN 0 ELSE 1 END, CASE WHEN by_day = '' THEN 1 ELSE 0 END, by_day, made_at, id`, args...)
}

// CommitmentsOf returns what a member of staff has still to do for students, the earliest
// day first.
func (db *DB) CommitmentsOf(ctx context.Context, d roster.DistrictID, person roster.PersonID) ([]conference.Commitment, error) {
	return many(ctx, db, scanCommitment, `SELECT `+commitmentColumns+` FROM commitment WHERE district = $1 AND person = $2 AND done_at = 0
		ORDER BY CASE WHEN by_day = '' THEN 1 ELSE 0 END, by_day, made_at, id`, d, person)
}

// CloseCommitment marks a commitment as kept, or as given up.
func (db *DB) CloseCommitment(ctx context.Context, d roster.DistrictID, student roster.PersonID, id conference.CommitmentID, dropped bool) error {
	n, err := db.exec(ctx, `UPDATE commitment SET done_at = $4, dropped = $5 WHERE district = $1 AND student = $2 AND id = $3 AND done_at = 0`, d, student, id, micros(db.now()), dropped)
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "This is not open any more.")
	}
	return err
}

const requestColumns = `id, student, author, voice, body, wanted, at, agreed, agreed_with, closed`

func scanRequest(row func(...any) error) (r conference.Request, err error) {
	var wanted, at, agreed, closed int64
	err = row(&r.ID, &r.Student, &r.Author, &r.Voice, &r.Text, &wanted, &at, &agreed, &r.With, &closed)
	r.Wanted, r.At, r.Agreed, r.Closed = moment(wanted), moment(at), moment(agreed), moment(closed)
	return r, err
}

// Requests returns what students and their families want to talk about and have not yet,
// oldest first.
func (db *DB) Requests(ctx context.Context, d roster.DistrictID, students []roster.PersonID) ([]conference.Request, error) {
	args := []any{d}
	return many(ctx, db, scanRequest, `SELECT `+requestColumns+` FROM conference_request
		WHERE district = $1 AND closed = 0 AND student IN (`+marks(&args, students)+`) ORDER BY at, id`, args...)
}

// AgreedTalks returns the talks that a member of staff has agreed on and that are still to
// be held, the next one first.
func (db *DB) AgreedTalks(ctx context.Context, d roster.DistrictID, with roster.PersonID) ([]conference.Request, error) {
	return many(ctx, db, scanRequest, `SELECT `+requestColumns+` FROM conference_request WHERE district = $1 AND agreed_with = $2 AND agreed > 0 AND closed = 0 ORDER BY agreed, id`, d, with)
}

// AskForTalk keeps a request for a talk.
func (db *DB) AskForTalk(ctx context.Context, d roster.DistrictID, r conference.Request) (conference.Request, error) {
	if err := r.Validate(); err != nil {
		return r, err
	}
	r.ID, r.At = conference.RequestID(newID()), moment(micros(db.now()))
	_, err := db.exec(ctx, `INSERT INTO conference_request (district, student, id, author, voice, body, wanted, at, agreed, agreed_with, closed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, '', 0)`, d, r.Student, r.ID, r.Author, r.Voice, r.Text, micros(r.Wanted), micros(r.At))
	return r, err
}

// AgreeOnTalk says when an asked-for talk is to be, and with whom.
func (db *DB) AgreeOnTalk(ctx context.Context, d roster.DistrictID, student roster.PersonID, id conference.RequestID, with roster.PersonID, at time.Time) error {
	n, err := db.exec(ctx, `UPDATE conference_request SET agreed = $4, agreed_with = $5 WHERE district = $1 AND student = $2 AND id = $3 AND closed = 0`, d, student, id, micros(at), with)
	return notOpen(n, err)
}

// WithdrawRequest takes a request back; only its author can.
func (db *DB) WithdrawRequest(ctx context.Context, d roster.DistrictID, student roster.PersonID, id conference.RequestID, author roster.PersonID) error {
	n, err := db.exec(ctx, `UPDATE conference_request SET closed = $5 WHERE district = $1 AND student = $2 AND id = $3 AND author = $4 AND closed = 0`, d, student, id, author, micros(db.now()))
	return notOpen(n, err)
}

func notOpen(n int64, err error) error {
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "This request is not open any more.")
	}
	return err
}

// Joined returns since when students are in a class; who has no such day is left out.
func (db *DB) Joined(ctx context.Context, d roster.DistrictID, class roster.ClassID) (map[roster.PersonID]roster.Date, error) {
	joined := map[roster.PersonID]roster.Date{}
	_, err := many(ctx, db, func(row func(...any) error) (day roster.Date, err error) {
		var p roster.PersonID
		err = row(&p, &day)
		joined[p] = day
		return day, err
	}, `SELECT person, min(begins) FROM enrollment WHERE district = $1 AND class = $2 AND role = $3 AND active AND begins <> '' GROUP BY person`, d, class, roster.Student)
	return joined, err
}

// MoveInQueue keeps that a teacher put a student elsewhere in the queue.
func (db *DB) MoveInQueue(ctx context.Context, d roster.DistrictID, m conference.Move) error {
	_, err := db.exec(ctx, `INSERT INTO queue_move (district, class, id, student, place, rule, because, actor, at, until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		d, m.Class, newID(), m.Student, m.Place, conference.RuleQueue, m.Because, m.Actor, micros(m.At), micros(m.Until))
	return err
}

// QueueMoves returns the moves in a class's queue that still hold, latest first.
func (db *DB) QueueMoves(ctx context.Context, d roster.DistrictID, class roster.ClassID) ([]conference.Move, error) {
	return many(ctx, db, func(row func(...any) error) (m conference.Move, err error) {
		var at, until int64
		err = row(&m.Class, &m.Student, &m.Place, &m.Because, &m.Actor, &at, &until)
		m.At, m.Until = moment(at), moment(until)
		return m, err
	}, `SELECT class, student, place, because, actor, at, until FROM queue_move WHERE district = $1 AND class = $2 AND until > $3 ORDER BY at DESC, id DESC`, d, class, micros(db.now()))
}

// Attended returns how much attention each active student of a school got since a time, and
// the dimensions of groups in order.
func (db *DB) Attended(ctx context.Context, d roster.DistrictID, school roster.OrgID, since time.Time) ([]conference.Attended, []string, error) {
	enrolled, err := db.enrolled(ctx, d, school)
	if err != nil {
		return nil, nil, err
	}
	out := make([]conference.Attended, len(enrolled))
	at := make(map[roster.PersonID]*conference.Attended, len(enrolled))
	for i, s := range enrolled {
		out[i].Groups, at[s.id] = s.groups, &out[i]
	}
	for chunk := range slices.Chunk(ids(enrolled), 2000) {
		args := []any{d, micros(since), conference.Talk}
		_, err := many(ctx, db, func(row func(...any) error) (n int, err error) {
			var student roster.PersonID
			var minutes int
			var last int64
			err = row(&student, &n, &minutes, &last)
			x := at[student]
			x.Talks, x.Minutes, x.Last = n, minutes, moment(last)
			return n, err
		}, `SELECT student, count(*) FILTER (WHERE at >= $2 AND kind = $3), COALESCE(sum(minutes) FILTER (WHERE at >= $2), 0), COALESCE(max(at) FILTER (WHERE kind = $3), 0)
			FROM conference WHERE district = $1 AND student IN (`+marks(&args, chunk)+`) GROUP BY student`, args...)
		if err != nil {
			return nil, nil, err
		}
		asked, err := db.Asked(ctx, d, chunk, since)
		if err != nil {
			return nil, nil, err
		}
		for _, x := range asked {
			at[x.Student].Asked = append(at[x.Student].Asked, x)
		}
		mentors, err := db.Mentors(ctx, d, chunk)
		if err != nil {
			return nil, nil, err
		}
		for student := range mentors {
			at[student].Mentor = true
		}
	}
	return out, dimensions, nil
}

// Asked returns what some students asked adults since a moment: for talks, for a yes to own ideas, that
// learning outside of school, seen by somebody, counts. What they took back is not in it.
func (db *DB) Asked(ctx context.Context, d roster.DistrictID, students []roster.PersonID, since time.Time) ([]conference.Asked, error) {
	if len(students) == 0 {
		return nil, nil
	}
	args := []any{d, micros(since)}
	in := marks(&args, students)
	return many(ctx, db, func(row func(...any) error) (x conference.Asked, err error) {
		var at, answered int64
		err = row(&x.Student, &at, &answered)
		x.At, x.Answered = moment(at), moment(answered)
		return x, err
	}, `SELECT student, at, agreed FROM conference_request WHERE district = $1 AND at >= $2 AND (agreed > 0 OR closed = 0) AND student IN (`+in+`)
		UNION ALL SELECT student, at, answered_at FROM choice WHERE district = $1 AND at >= $2 AND own <> '' AND (answered_at > 0 OR done_at = 0) AND student IN (`+in+`)
		UNION ALL SELECT student, seen_at, counted_at FROM outside WHERE district = $1 AND seen_at >= $2 AND student IN (`+in+`)
		ORDER BY 2, 1`, args...)
}

// MentorsNow returns the mentors of some students, of those who teach them today.
func (db *DB) MentorsNow(ctx context.Context, d roster.DistrictID, students []roster.PersonID) (map[roster.PersonID]roster.PersonID, error) {
	args := []any{db.today(), d}
	return db.mentors(ctx, `SELECT m.student, m.person FROM mentor m WHERE m.district = $2 AND m.student IN (`+marks(&args, students)+`) AND EXISTS (SELECT 1 FROM enrollment t
		JOIN enrollment s ON s.district = t.district AND s.class = t.class AND s.person = m.student AND s.role = 'student' AND s.active AND (s.ends = '' OR s.ends >= $1)
		WHERE t.district = m.district AND t.person = m.person AND t.role IN `+teacherRoles+` AND t.active AND (t.begins = '' OR t.begins <= $1) AND (t.ends = '' OR t.ends >= $1))`, args...)
}

// Mentors returns the mentors of some students; whose mentor is no longer known has none.
func (db *DB) Mentors(ctx context.Context, d roster.DistrictID, students []roster.PersonID) (map[roster.PersonID]roster.PersonID, error) {
	args := []any{d}
	return db.mentors(ctx, `SELECT m.student, m.person FROM mentor m JOIN person p ON p.district = m.district AND p.id = m.person AND p.active
		WHERE m.district = $1 AND m.student IN (`+marks(&args, students)+`)`, args...)
}

// mentors reads students with their mentors.
func (db *DB) mentors(ctx context.Context, query string, args ...any) (map[roster.PersonID]roster.PersonID, error) {
	mentors := map[roster.PersonID]roster.PersonID{}
	_, err := many(ctx, db, func(row func(...any) error) (person roster.PersonID, err error) {
		var student roster.PersonID
		err = row(&student, &person)
		mentors[student] = person
		return person, err
	}, query, args...)
	return mentors, err
}

// SetMentor names the mentor of a student, who must teach them.
func (db *DB) SetMentor(ctx context.Context, d roster.DistrictID, student, mentor, author roster.PersonID) error {
	teachers, err := db.TeachersOf(ctx, d, student)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(teachers, func(p roster.Person) bool { return p.ID == mentor }) {
		return fault.Field("mentor", "Choose somebody who teaches the student.")
	}
	_, err = db.exec(ctx, `INSERT INTO mentor (district, student, person, author, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (district, student) DO UPDATE SET person = excluded.person, author = excluded.author, at = excluded.at`, d, student, mentor, author, micros(db.now()))
	return err
}

// WithoutMentor returns a school's active students who have no mentor, by name.
func (db *DB) WithoutMentor(ctx context.Context, d roster.DistrictID, school roster.OrgID, most int) ([]roster.Person, error) {
	people, err := many(ctx, db, scanPerson, `SELECT DISTINCT `+personColumns+` FROM person p JOIN role r ON r.district = p.district AND r.person = p.id AND r.role = 'student' AND r.active
			AND (r.begins = '' OR r.begins <= $1) AND (r.ends = '' OR r.ends >= $1)
		WHERE p.district = $2 AND r.org = $3 AND p.active
		AND NOT EXISTS (SELECT 1 FROM mentor m JOIN person q ON q.district = m.district AND q.id = m.person AND q.active WHERE m.district = p.district AND m.student = p.id)
		ORDER BY p.id LIMIT $4`, db.today(), d, school, most)
	return byName(people), err
}

// SetCalendarLink makes an address the only one under which a person's calendar is found;
// hash is that of its secret.
func (db *DB) SetCalendarLink(ctx context.Context, d roster.DistrictID, p roster.PersonID, hash string) error {
	_, err := db.exec(ctx, `INSERT INTO calendar_link (district, person, hash, made_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (district, person) DO UPDATE SET hash = excluded.hash, made_at = excluded.made_at`, d, p, hash, micros(db.now()))
	return err
}

// CalendarOwner returns whose calendar an address leads to.
func (db *DB) CalendarOwner(ctx context.Context, hash string) (guard.Account, error) {
	list, err := many(ctx, db, func(row func(...any) error) (a guard.Account, err error) { return a, row(&a.District, &a.Person) },
		`SELECT l.district, l.person FROM calendar_link l JOIN person p ON p.district = l.district AND p.id = l.person AND p.active AND p.enabled WHERE l.hash = $1`, hash)
	if err == nil && len(list) != 1 {
		return guard.Account{}, fault.New(fault.NotFound, "This calendar is not here any more.")
	}
	if err != nil {
		return guard.Account{}, err
	}
	return list[0], nil
}
