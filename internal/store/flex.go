package store

import (
	"context"
	"encoding/json"

	"slices"
	"strings"
	"time"

	"waymark/internal/competency"
	"waymark/internal/fault"
	"waymark/internal/flex"
	"waymark/internal/roster"
	"waymark/internal/timetable"
)

// FlexCalendar returns a school's calendar of flex blocks; one without blocks where there is none.
func (db *DB) FlexCalendar(ctx context.Context, d roster.DistrictID, school roster.OrgID) (c timetable.Calendar, err error) {
	text, err := many(ctx, db, value[string], `SELECT body FROM flex_calendar WHERE district = $1 AND school = $2`, d, school)
	if err != nil || len(text) == 0 {
		return c, err
	}
	return c, json.Unmarshal([]byte(text[0]), &c)
}

// SetFlexCalendar keeps a school's calendar.
func (db *DB) SetFlexCalendar(ctx context.Context, d roster.DistrictID, school roster.OrgID, c timetable.Calendar, author roster.PersonID) error {
	if err := c.Check(); err != nil {
		return err
	}
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	_, err = db.exec(ctx, `INSERT INTO flex_calendar (district, school, body, author, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (district, school) DO UPDATE SET body = excluded.body, author = excluded.author, at = excluded.at`, d, school, string(text), author, micros(db.now()))
	return err
}

// FlexRooms returns the rooms of a school.
func (db *DB) FlexRooms(ctx context.Context, d roster.DistrictID, school roster.OrgID) ([]timetable.Room, error) {
	return many(ctx, db, func(row func(...any) error) (r timetable.Room, err error) {
		var tags string
		err = row(&r.ID, &r.Name, &r.Seats, &tags)
		r.Tags = splitList[string](tags)
		return r, err
	}, `SELECT id, name, seats, tags FROM flex_room WHERE district = $1 AND school = $2 ORDER BY name, id`, d, school)
}

// SetFlexRooms replaces the rooms of a school.
func (db *DB) SetFlexRooms(ctx context.Context, d roster.DistrictID, school roster.OrgID, rooms []timetable.Room) error {
	return db.Tx(ctx, func(tx *DB) error {
		if _, err := tx.exec(ctx, `DELETE FROM flex_room WHERE district = $1 AND school = $2`, d, school); err != nil {
			return err
		}
		for _, r := range rooms {
			if _, err := tx.exec(ctx, `INSERT INTO flex_room (district, school, id, name, seats, tags) VALUES ($1, $2, $3, $4, $5, $6)`,
				d, school, r.ID, r.Name, int64(r.Seats), joinList(r.Tags)); err != nil {
				return err
			}
		}
		return nil
	})
}

const offerColumns = `id, school, title, purpose, competencies, seats, least, door, grades, leader, room, equipment, supports, materials, slots, state, author, ended`

func scanOffer(row func(...any) error) (o timetable.Offer, err error) {
	var competencies, grades, equipment, supports, slots, state string
	var ended int64
	err = row(&o.ID, &o.School, &o.Title, &o.Purpose, &competencies, &o.Seats, &o.Least, &o.Door, &grades, &o.Leader, &o.Room, &equipment, &supports, &o.Materials, &slots, &state, &o.Author, &ended)
	o.Competencies, o.Grades, o.Equipment, o.Supports = splitList[competency.ID](competencies), splitList[string](grades), splitList[string](equipment), splitList[string](supports)
	o.Slots, o.Possible, o.Ended = splitList[timetable.SlotID](slots), state == string(flex.Possible), moment(ended)
	return o, err
}

// FlexOffers returns what is offered in a school and has not ended, by title.
func (db *DB) FlexOffers(ctx context.Context, d roster.DistrictID, school roster.OrgID) ([]timetable.Offer, error) {
	return many(ctx, db, scanOffer, `SELECT `+offerColumns+` FROM flex_offer WHERE district = $1 AND school = $2 AND ended = 0 ORDER BY title, id`, d, school)
}

// FlexOffer returns one offer, ended or not.
func (db *DB) FlexOffer(ctx context.Context, d roster.DistrictID, school roster.OrgID, id timetable.OfferID) (timetable.Offer, error) {
	o, err := one(ctx, db, scanOffer, `SELECT `+offerColumns+` FROM flex_offer WHERE district = $1 AND school = $2 AND id = $3`, d, school, id)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		err = fault.New(fault.NotFound, "This session is not offered here.")
	}
	return o, err
}

// AddFlexOffer keeps an offer.
func (db *DB) AddFlexOffer(ctx context.Context, d roster.DistrictID, o timetable.Offer) (timetable.OfferID, error) {
	rooms, err := db.FlexRooms(ctx, d, o.School)
	if err != nil {
		return "", err
	}
	if err := o.Validate(rooms); err != nil {
		return "", err
	}
	state := string(flex.Offered)
	if o.Possible {
		state = string(flex.Possible)
	}
	o.ID = timetable.OfferID(newID())
	_, err = db.exec(ctx, `INSERT INTO flex_offer (district, `+offerColumns+`, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, 0, $19)`,
		d, o.ID, o.School, strings.TrimSpace(o.Title), string(o.Purpose), joinList(o.Competencies), int64(o.Seats), int64(o.Least), string(o.Door), joinList(o.Grades), o.Leader, o.Room,
		joinList(o.Equipment), joinList(o.Supports), o.Materials, joinList(o.Slots), state, o.Author, micros(db.now()))
	return o.ID, err
}

// EndFlexOffer takes an offer back; what is published stays until the week is solved again.
func (db *DB) EndFlexOffer(ctx context.Context, d roster.DistrictID, school roster.OrgID, id timetable.OfferID) error {
	_, err := db.exec(ctx, `UPDATE flex_offer SET ended = $4 WHERE district = $1 AND school = $2 AND id = $3 AND ended = 0`, d, school, id, micros(db.now()))
	return err
}

const flexRequestColumns = `id, student, offer, week, rank, at, answer, why, answered_by`

func scanFlexRequest(row func(...any) error) (r timetable.Request, err error) {
	var at int64
	err = row(&r.ID, &r.Student, &r.Offer, &r.Week, &r.Rank, &at, &r.Answer, &r.Why, &r.By)
	r.At = moment(at)
	return r, err
}

// FlexRequests returns the requests for a week in a school.
func (db *DB) FlexRequests(ctx context.Context, d roster.DistrictID, school roster.OrgID, week roster.Date) ([]timetable.Request, error) {
	return many(ctx, db, scanFlexRequest, `SELECT `+flexRequestColumns+` FROM flex_request WHERE district = $1 AND school = $2 AND week = $3 ORDER BY student, rank, id`, d, school, week)
}

// FlexRequestsOf returns the requests of some students for weeks from one on.
func (db *DB) FlexRequestsOf(ctx context.Context, d roster.DistrictID, students []roster.PersonID, from roster.Date) ([]timetable.Request, error) {
	args := []any{d, from}
	return many(ctx, db, scanFlexRequest, `SELECT `+flexRequestColumns+` FROM flex_request WHERE district = $1 AND week >= $2 AND student IN (`+marks(&args, students)+`) ORDER BY week, student, rank, id`, args...)
}

// AskForFlex replaces a student's requests for a week: offers, the most wished one first.
func (db *DB) AskForFlex(ctx context.Context, d roster.DistrictID, school roster.OrgID, student roster.PersonID, week roster.Date, offers []timetable.OfferID) error {
	return db.Tx(ctx, func(tx *DB) error {
		before, err := tx.FlexRequestsOf(ctx, d, []roster.PersonID{student}, week)
		if err != nil {
			return err
		}
		for _, q := range before {
			if q.Week != week {
				continue
			}
			if i := slices.Index(offers, q.Offer); i >= 0 { // an answer to it stays
				if _, err := tx.exec(ctx, `UPDATE flex_request SET rank = $4 WHERE district = $1 AND student = $2 AND id = $3`, d, student, q.ID, int64(i+1)); err != nil {
					return err
				}
			} else if _, err := tx.exec(ctx, `DELETE FROM flex_request WHERE district = $1 AND student = $2 AND id = $3 AND answer <> 'no'`, d, student, q.ID); err != nil {
				return err
			}
		}
		for i, o := range offers {
			if slices.ContainsFunc(before, func(q timetable.Request) bool { return q.Week == week && q.Offer == o }) {
				continue
			}
			if _, err := tx.exec(ctx, `INSERT INTO flex_request (district, student, id, school, offer, week, rank, at, answer, why, answered_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', '', '')`,
				d, student, newID(), school, o, week, int64(i+1), micros(tx.now())); err != nil {
				return err
			}
		}
		return nil
	})
}

// AnswerFlex keeps what a mentor says to a request.
func (db *DB) AnswerFlex(ctx context.Context, d roster.DistrictID, student roster.PersonID, id timetable.RequestID, answer, why string, by roster.PersonID) error {
	n, err := db.exec(ctx, `UPDATE flex_request SET answer = $4, why = $5, answered_by = $6 WHERE district = $1 AND student = $2 AND id = $3`, d, student, id, answer, why, by)
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "This request is not there any more.")
	}
	return err
}

// FlexRequired returns who must come where in a week.
func (db *DB) FlexRequired(ctx context.Context, d roster.DistrictID, school roster.OrgID, week roster.Date) ([]timetable.Requirement, error) {
	return many(ctx, db, func(row func(...any) error) (r timetable.Requirement, err error) {
		return r, row(&r.ID, &r.Student, &r.Offer, &r.Week, &r.Why, &r.By)
	}, `SELECT id, student, offer, week, why, author FROM flex_required WHERE district = $1 AND school = $2 AND week = $3 ORDER BY student, id`, d, school, week)
}

// RequireFlex says that students must come to an offer in a week; who must already stays so.
func (db *DB) RequireFlex(ctx context.Context, d roster.DistrictID, school roster.OrgID, week roster.Date, offer timetable.OfferID, students []roster.PersonID, why string, by roster.PersonID) error {
	return db.Tx(ctx, func(tx *DB) error {
		for _, p := range students {
			if _, err := tx.exec(ctx, `INSERT INTO flex_required (district, student, id, school, offer, week, why, author, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (district, student, id) DO NOTHING`,
				d, p, string(offer)+"|"+string(week), school, offer, week, why, by, micros(tx.now())); err != nil {
				return err
			}
		}
		return nil
	})
}

// Release takes back that a student must come.
func (db *DB) Release(ctx context.Context, d roster.DistrictID, student roster.PersonID, offer timetable.OfferID, week roster.Date) error {
	_, err := db.exec(ctx, `DELETE FROM flex_required WHERE district = $1 AND student = $2 AND offer = $3 AND week = $4`, d, student, offer, week)
	return err
}

// until is the last slot of a week, as text: every slot of the week is from the Monday on and below it.
func until(week roster.Date) string { return string(timetable.WeeksAfter(week, 1)) }

// FlexAway returns who is away in a week.
func (db *DB) FlexAway(ctx context.Context, d roster.DistrictID, school roster.OrgID, week roster.Date) ([]timetable.Away, error) {
	return many(ctx, db, func(row func(...any) error) (a timetable.Away, err error) { return a, row(&a.Person, &a.Slot) },
		`SELECT person, slot FROM flex_away WHERE district = $1 AND school = $2 AND slot >= $3 AND slot < $4 ORDER BY slot, person`, d, school, week, until(week))
}

// SetFlexAway says in which slots of a day somebody is away; none takes it back.
func (db *DB) SetFlexAway(ctx context.Context, d roster.DistrictID, school roster.OrgID, person roster.PersonID, day roster.Date, slots []timetable.SlotID, author roster.PersonID) error {
	return db.Tx(ctx, func(tx *DB) error {
		if _, err := tx.exec(ctx, `DELETE FROM flex_away WHERE district = $1 AND school = $2 AND person = $3 AND slot >= $4 AND slot < $5`, d, school, person, day, string(day)+"0"); err != nil {
			return err
		}
		for _, s := range slots {
			if _, err := tx.exec(ctx, `INSERT INTO flex_away (district, school, person, slot, author, at) VALUES ($1, $2, $3, $4, $5, $6)`, d, school, person, s, author, micros(tx.now())); err != nil {
				return err
			}
		}
		return nil
	})
}

// FlexInstead returns who can lead what instead in a week.
func (db *DB) FlexInstead(ctx context.Context, d roster.DistrictID, school roster.OrgID, week roster.Date) ([]timetable.Substitute, error) {
	return many(ctx, db, func(row func(...any) error) (s timetable.Substitute, err error) {
		return s, row(&s.Offer, &s.Slot, &s.Person)
	},
		`SELECT offer, slot, person FROM flex_instead WHERE district = $1 AND school = $2 AND slot >= $3 AND slot < $4 ORDER BY slot, offer, at, person`, d, school, week, until(week))
}

// AddFlexInstead says who can lead a session instead.
func (db *DB) AddFlexInstead(ctx context.Context, d roster.DistrictID, school roster.OrgID, s timetable.Substitute, author roster.PersonID) error {
	_, err := db.exec(ctx, `INSERT INTO flex_instead (district, school, offer, slot, person, author, at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (district, school, offer, slot, person) DO UPDATE SET at = excluded.at, author = excluded.author`,
		d, school, s.Offer, s.Slot, s.Person, author, micros(db.now()))
	return err
}

// FlexHeld returns the published sessions of a school from one day to before another.
func (db *DB) FlexHeld(ctx context.Context, d roster.DistrictID, school roster.OrgID, from, before roster.Date) ([]timetable.Held, error) {
	return many(ctx, db, scanHeld, `SELECT slot, offer, room, leader FROM flex_held WHERE district = $1 AND school = $2 AND slot >= $3 AND slot < $4 ORDER BY slot, offer`, d, school, from, before)
}

func scanHeld(row func(...any) error) (h timetable.Held, err error) {
	return h, row(&h.Slot, &h.Offer, &h.Room, &h.Leader)
}

// FlexLed returns the published sessions that somebody leads from a day on, with their schools.
func (db *DB) FlexLed(ctx context.Context, d roster.DistrictID, leader roster.PersonID, from roster.Date) (held []timetable.Held, schools []roster.OrgID, err error) {
	held, err = many(ctx, db, func(row func(...any) error) (h timetable.Held, err error) {
		var school roster.OrgID
		err = row(&h.Slot, &h.Offer, &h.Room, &h.Leader, &school)
		schools = append(schools, school)
		return h, err
	}, `SELECT slot, offer, room, leader, school FROM flex_held WHERE district = $1 AND leader = $2 AND slot >= $3 ORDER BY slot, offer`, d, leader, from)
	return held, schools, err
}

const placeColumns = `student, slot, offer, how, attended, marked_by, marked_at`

func scanPlace(row func(...any) error) (p timetable.Place, err error) {
	var at int64
	err = row(&p.Student, &p.Slot, &p.Offer, &p.How, &p.Attended, &p.MarkedBy, &at)
	p.Marked = moment(at)
	return p, err
}

// FlexPlaces returns who is where in a school from one day to before another.
func (db *DB) FlexPlaces(ctx context.Context, d roster.DistrictID, school roster.OrgID, from, before roster.Date) ([]timetable.Place, error) {
	return many(ctx, db, scanPlace, `SELECT `+placeColumns+` FROM flex_place WHERE district = $1 AND school = $2 AND slot >= $3 AND slot < $4 ORDER BY slot, offer, student`, d, school, from, before)
}

// FlexTaken counts who is in each session of a school from one day to before another.
func (db *DB) FlexTaken(ctx context.Context, d roster.DistrictID, school roster.OrgID, from, before roster.Date) (map[string]int, error) {
	out := map[string]int{}
	_, err := many(ctx, db, func(row func(...any) error) (n int, err error) {
		var offer timetable.OfferID
		var slot timetable.SlotID
		err = row(&offer, &slot, &n)
		out[timetable.SessionID(offer, slot)] = n
		return n, err
	}, `SELECT offer, slot, count(*) FROM flex_place WHERE district = $1 AND school = $2 AND slot >= $3 AND slot < $4 GROUP BY offer, slot`, d, school, from, before)
	return out, err
}

// FlexPlacesOf returns where some students are from one day to before another.
func (db *DB) FlexPlacesOf(ctx context.Context, d roster.DistrictID, students []roster.PersonID, from, before roster.Date) ([]timetable.Place, error) {
	args := []any{d, from, before}
	return many(ctx, db, scanPlace, `SELECT `+placeColumns+` FROM flex_place WHERE district = $1 AND slot >= $2 AND slot < $3 AND student IN (`+marks(&args, students)+`) ORDER BY slot`, args...)
}

// FlexSession returns who is in one session.
func (db *DB) FlexSession(ctx context.Context, d roster.DistrictID, school roster.OrgID, slot timetable.SlotID, offer timetable.OfferID) ([]timetable.Place, error) {
	return many(ctx, db, scanPlace, `SELECT `+placeColumns+` FROM flex_place WHERE district = $1 AND school = $2 AND slot = $3 AND offer = $4 ORDER BY student`, d, school, slot, offer)
}

// FlexAsked returns how many requests students had in the weeks before one, and how many of
// them were granted: they were in a session of the offer in that week.
func (db *DB) FlexAsked(ctx context.Context, d roster.DistrictID, school roster.OrgID, from, before roster.Date) (map[roster.PersonID][2]int, error) {
	out := map[roster.PersonID][2]int{}
	_, err := many(ctx, db, func(row func(...any) error) (n int, err error) {
		var p roster.PersonID
		var week roster.Date
		var slot string
		if err := row(&p, &week, &slot); err != nil {
			return 0, err
		}
		x := out[p]
		x[0]++
		if slot != "" && slot < until(week) {
			x[1]++
		}
		out[p] = x
		return 0, nil
	}, `SELECT r.student, r.week, COALESCE((SELECT min(p.slot) FROM flex_place p WHERE p.district = r.district AND p.student = r.student AND p.offer = r.offer AND p.slot >= r.week), '')
		FROM flex_request r WHERE r.district = $1 AND r.school = $2 AND r.week >= $3 AND r.week < $4 AND r.answer <> 'no'`, d, school, from, before)
	return out, err
}

// FlexMissed returns how many recorded flex blocks students missed since a day, of how many.
func (db *DB) FlexMissed(ctx context.Context, d roster.DistrictID, students []roster.PersonID, since roster.Date) (map[roster.PersonID][2]int, error) {
	args := []any{d, since}
	out := map[roster.PersonID][2]int{}
	_, err := many(ctx, db, func(row func(...any) error) (n int, err error) {
		var p roster.PersonID
		var missed, all int
		err = row(&p, &missed, &all)
		out[p] = [2]int{missed, all}
		return 0, err
	}, `SELECT student, count(*) FILTER (WHERE attended = 'missed'), count(*) FROM flex_place WHERE district = $1 AND slot >= $2 AND attended <> '' AND student IN (`+marks(&args, students)+`) GROUP BY student`, args...)
	return out, err
}

// FlexWeek returns what was solved and published for a week.
func (db *DB) FlexWeek(ctx context.Context, d roster.DistrictID, school roster.OrgID, week roster.Date) (timetable.Solved, error) {
	list, err := many(ctx, db, func(row func(...any) error) (w timetable.Solved, err error) {
		var seed, solved, at int64
		var draft, published string
		if err := row(&seed, &draft, &solved, &w.SolvedBy, &published, &at, &w.PublishedBy); err != nil {
			return w, err
		}
		w.Seed, w.Solved, w.PublishedAt = uint64(seed), moment(solved), moment(at)
		for _, x := range []struct {
			text string
			to   **flex.Solution
		}{{draft, &w.Draft}, {published, &w.Published}} {
			if x.text != "" {
				*x.to = &flex.Solution{}
				if err := json.Unmarshal([]byte(x.text), *x.to); err != nil {
					return w, err
				}
			}
		}
		return w, nil
	}, `SELECT seed, solution, solved_at, solved_by, published, published_at, published_by FROM flex_week WHERE district = $1 AND school = $2 AND week = $3`, d, school, week)
	if err != nil || len(list) == 0 {
		return timetable.Solved{}, err
	}
	return list[0], nil
}

// DraftFlex keeps a solution of a week that is not published yet.
func (db *DB) DraftFlex(ctx context.Context, d roster.DistrictID, school roster.OrgID, week roster.Date, s *flex.Solution, by roster.PersonID) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	_, err = db.exec(ctx, `INSERT INTO flex_week (district, school, week, seed, solution, solved_at, solved_by, published, published_at, published_by) VALUES ($1, $2, $3, $4, $5, $6, $7, '', 0, '')
		ON CONFLICT (district, school, week) DO UPDATE SET seed = excluded.seed, solution = excluded.solution, solved_at = excluded.solved_at, solved_by = excluded.solved_by`,
		d, school, week, int64(s.Seed), string(text), micros(db.now()), by)
	return err
}

// PublishFlex makes the draft of a week what holds, in the slots that have not begun. Places
// that somebody took since, and what was recorded, stay as they are. solved is when the draft
// was made that the person saw.
func (db *DB) PublishFlex(ctx context.Context, d roster.DistrictID, school roster.OrgID, week roster.Date, solved time.Time, open []timetable.SlotID, by roster.PersonID) error {
	return db.Tx(ctx, func(tx *DB) error {
		w, err := tx.FlexWeek(ctx, d, school, week)
		if err != nil {
			return err
		}
		if w.Draft == nil || !w.Solved.Equal(solved) {
			return fault.New(fault.Conflict, "The week was planned again since you opened the page. Look at it first.")
		}
		kept := map[string]bool{} // recorded places
		recorded, err := tx.FlexPlaces(ctx, d, school, week, roster.Date(until(week)))
		if err != nil {
			return err
		}
		for _, p := range recorded {
			if p.How != timetable.Assigned && p.Marked.After(w.Solved) && slices.Contains(open, p.Slot) {
				return fault.New(fault.Conflict, "Since this plan was made, students have taken other places. Plan the week again: their places are kept then.")
			}
			if p.Attended != timetable.Unmarked {
				kept[string(p.Student)+" "+string(p.Slot)] = true
			}
		}
		for _, slot := range open {
			for _, q := range []string{
				`DELETE FROM flex_held WHERE district = $1 AND school = $2 AND slot = $3`,
				`DELETE FROM flex_place WHERE district = $1 AND school = $2 AND slot = $3 AND attended = ''`,
			} {
				if _, err := tx.exec(ctx, q, d, school, slot); err != nil {
					return err
				}
			}
		}
		held, places := timetable.Published(w.Draft)
		for _, h := range held {
			if !slices.Contains(open, h.Slot) {
				continue
			}
			if _, err := tx.exec(ctx, `INSERT INTO flex_held (district, school, slot, offer, room, leader) VALUES ($1, $2, $3, $4, $5, $6)`, d, school, h.Slot, h.Offer, h.Room, h.Leader); err != nil {
				return err
			}
		}
		var rows [][]any
		for _, p := range places {
			if slices.Contains(open, p.Slot) && !kept[string(p.Student)+" "+string(p.Slot)] {
				rows = append(rows, []any{d, p.Student, p.Slot, school, p.Offer, string(p.How)})
			}
		}
		for chunk := range slices.Chunk(rows, 500) {
			var args []any
			var list []string
			for _, r := range chunk {
				list = append(list, `(`+marks(&args, r)+`, '', '', 0)`)
			}
			if _, err := tx.exec(ctx, `INSERT INTO flex_place (district, student, slot, school, offer, how, attended, marked_by, marked_at) VALUES `+strings.Join(list, ", ")+` ON CONFLICT (district, student, slot) DO NOTHING`, args...); err != nil {
				return err
			}
		}
		_, err = tx.exec(ctx, `UPDATE flex_week SET published = solution, solution = '', published_at = $4, published_by = $5 WHERE district = $1 AND school = $2 AND week = $3`, d, school, week, micros(tx.now()), by)
		return err
	})
}

// TakeFlexPlace puts a student into a session of which there is a free seat, in place of where
// they were in that slot. seats is how many it has.
func (db *DB) TakeFlexPlace(ctx context.Context, d roster.DistrictID, school roster.OrgID, p timetable.Place, seats int) error {
	return db.Tx(ctx, func(tx *DB) error {
		there, err := tx.FlexSession(ctx, d, school, p.Slot, p.Offer)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(there, func(o timetable.Place) bool { return o.Student == p.Student }) {
			return nil
		}
		if len(there) >= seats {
			return fault.New(fault.Conflict, "All %d seats are taken by now.", seats)
		}
		held, err := one(ctx, tx, value[int], `SELECT count(*) FROM flex_held WHERE district = $1 AND school = $2 AND slot = $3 AND offer = $4`, d, school, p.Slot, p.Offer)
		if err != nil {
			return err
		}
		if held == 0 {
			return fault.New(fault.NotFound, "This session is not held.")
		}
		_, err = tx.exec(ctx, `INSERT INTO flex_place (district, student, slot, school, offer, how, attended, marked_by, marked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
			ON CONFLICT (district, student, slot) DO UPDATE SET school = excluded.school, offer = excluded.offer, how = excluded.how, attended = excluded.attended, marked_by = excluded.marked_by, marked_at = excluded.marked_at`,
			d, p.Student, p.Slot, school, p.Offer, string(p.How), string(p.Attended), p.MarkedBy, micros(tx.now()))
		return err
	})
}

// MarkFlex keeps whether students came; the same mark twice takes it back.
func (db *DB) MarkFlex(ctx context.Context, d roster.DistrictID, school roster.OrgID, slot timetable.SlotID, offer timetable.OfferID, marks map[roster.PersonID]timetable.Attended, by roster.PersonID) error {
	return db.Tx(ctx, func(tx *DB) error {
		for p, a := range marks {
			n, err := tx.exec(ctx, `UPDATE flex_place SET attended = $6, marked_by = $7, marked_at = $8 WHERE district = $1 AND school = $2 AND slot = $3 AND offer = $4 AND student = $5`,
				d, school, slot, offer, p, string(a), by, micros(tx.now()))
			if err != nil {
				return err
			}
			if n == 0 {
				return fault.New(fault.NotFound, "This student is not in this session.")
			}
		}
		return nil
	})
}

// StaffOf returns who teaches, aids or counsels at a school, by name.
func (db *DB) StaffOf(ctx context.Context, d roster.DistrictID, school roster.OrgID) ([]roster.Person, error) {
	people, err := many(ctx, db, scanPerson, `SELECT DISTINCT `+personColumns+` FROM person p
		JOIN role r ON r.district = p.district AND r.person = p.id AND r.role IN ('teacher', 'aide', 'counselor') AND r.active AND (r.begins = '' OR r.begins <= $1) AND (r.ends = '' OR r.ends >= $1)
		WHERE p.district = $2 AND r.org = $3 AND p.active ORDER BY p.id`, db.today(), d, school)
	return byName(people), err
}

// SchoolsOf returns the schools at which somebody has one of some roles, in the roster's words.
func (db *DB) SchoolsOf(ctx context.Context, d roster.DistrictID, p roster.PersonID, roles ...string) ([]roster.Org, error) {
	args := []any{db.today(), d, p}
	return many(ctx, db, scanOrg, `SELECT DISTINCT o.id, o.name, o.kind, o.identifier, o.parent FROM org o JOIN role r ON r.district = o.district AND r.org = o.id
		WHERE o.district = $2 AND r.person = $3 AND r.active AND (r.begins = '' OR r.begins <= $1) AND (r.ends = '' OR r.ends >= $1) AND r.role IN (`+marks(&args, roles)+`) ORDER BY o.name, o.id`, args...)
}
