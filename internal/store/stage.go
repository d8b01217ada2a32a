package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"waymark/internal/assess"
	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/intake"
	"waymark/internal/material"
	"waymark/internal/roster"
)

var idEncoding = base32.HexEncoding.WithPadding(base32.NoPadding)

// derive makes an id from what the record is, so that the same record gets the same
// id on every database and in every load.
func derive(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x1f")))
	return strings.ToLower(idEncoding.EncodeToString(sum[:16]))
}

// newID makes an id for something that happens once; later ids sort after earlier.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// fold brings names and codes into the shape in which they are compared.
func fold(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// stager buffers the rows of one run and writes them in batches, each its own
// transaction; nobody sees them before the run is applied.
type stager struct {
	ctx      context.Context
	db       *DB
	district roster.DistrictID
	run      intake.RunID
	kind     intake.Kind
	buffers  map[string]*buffer
	pieces   map[string][]any
	aliases  map[string]roster.PersonID // roster ids whose person is not derived from them
	peopleIn bool                       // people are matched
	found    map[string][]roster.PersonID
	byUserID map[string][]roster.PersonID
	codes    map[string][]competency.ID
	staged   map[string]bool // tables with rows
	piled    map[string]bool // tables with a heap
}

var _ intake.Stager = (*stager)(nil)

type buffer struct {
	rows [][]any
	at   map[string]int // by id
}

// Stage opens a run. An abandoned earlier run's rows are swept away first.
func (db *DB) Stage(ctx context.Context, district roster.DistrictID, kind intake.Kind, file string, actor roster.PersonID) (intake.Stager, error) {
	if err := db.sweep(ctx, district); err != nil {
		return nil, err
	}
	s := &stager{ctx: ctx, db: db, district: district, run: intake.RunID(newID()), kind: kind,
		buffers: map[string]*buffer{}, pieces: map[string][]any{}, aliases: map[string]roster.PersonID{},
		found: map[string][]roster.PersonID{}, staged: map[string]bool{}, piled: map[string]bool{}}
	pairs, err := many(ctx, db, func(row func(...any) error) (p [2]string, err error) {
		return p, row(&p[0], &p[1])
	}, `SELECT id, person FROM person_alias WHERE district = $1 ORDER BY id`, district)
	if err != nil {
		return nil, err
	}
	for _, p := range pairs {
		s.aliases[p[0]] = roster.PersonID(p[1])
	}
	_, err = db.exec(ctx, `INSERT INTO intake_run (district, id, kind, file, actor, started, finished, state, scope, summary)
		VALUES ($1, $2, $3, $4, $5, $6, 0, 'staging', '', '')`, district, s.run, kind, file, actor, micros(db.now()))
	return s, err
}

func (s *stager) ID() intake.RunID { return s.run }

func (s *stager) put(table, id string, line int, active bool, columns ...any) error {
	b := s.buffers[table]
	if b == nil {
		b = &buffer{at: map[string]int{}}
		s.buffers[table] = b
		s.staged[table] = true
	}
	row := append([]any{id, int64(line), active}, columns...)
	if i, ok := b.at[id]; ok {
		b.rows[i] = row
		return nil
	}
	b.at[id] = len(b.rows)
	b.rows = append(b.rows, row)
	if len(b.rows) >= stageBatch {
		return s.flush(table)
	}
	return nil
}

const stageBatch = 8000

func (s *stager) flush(table string) error {
	b := s.buffers[table]
	if b == nil || len(b.rows) == 0 {
		return nil
	}
	t := twinOf(table)
	var err error
	if s.db.dialect.bulk {
		err = s.db.putMany(s.ctx, table+"_intake", t.stagedColumns(), []any{s.district, s.run, "new", int64(0), "", ""}, t.staged, []any{s.district, s.run}, b.rows)
	} else {
		err = s.pile(t, b.rows)
	}
	b.rows = b.rows[:0]
	clear(b.at)
	return err
}

func (s *stager) Org(line int, active bool, o roster.Org) error {
	return s.put("org", string(o.ID), line, active, o.Name, o.Kind, o.Identifier, o.Parent)
}

func (s *stager) Term(line int, active bool, t roster.Term) error {
	return s.put("term", string(t.ID), line, active, t.Title, t.Kind, t.Start, t.End, t.Parent, t.SchoolYear)
}

func (s *stager) Course(line int, active bool, c roster.Course) error {
	return s.put("course", string(c.ID), line, active, c.Title, c.Code, c.Year, joinList(c.Grades), c.Org, joinList(c.Subjects))
}

func (s *stager) Class(line int, active bool, c roster.Class) error {
	return s.put("class", string(c.ID), line, active, c.Title, c.Code, c.Kind, c.Course, c.School,
		joinList(c.Terms), joinList(c.Grades), joinList(c.Subjects), joinList(c.Periods), c.Location)
}

// Person returns whose a roster id is.
func (s *stager) Person(sourcedID string) roster.PersonID {
	if p, ok := s.aliases[sourcedID]; ok {
		return p
	}
	return s.derivePerson(sourcedID)
}

func (s *stager) derivePerson(sourcedID string) roster.PersonID {
	return roster.PersonID(derive(string(s.district), "person", sourcedID))
}

func (s *stager) User(line int, active bool, u roster.User) error {
	id := s.Person(u.SourcedID)
	given, family := cmp.Or(u.PreferredGiven, u.GivenName), cmp.Or(u.PreferredFamily, u.FamilyName)
	grade := ""
	if len(u.Grades) > 0 {
		grade = u.Grades[0]
	}
	if err := s.put("person", string(id), line, active, u.SourcedID, u.GivenName, u.MiddleName, u.FamilyName,
		u.PreferredGiven, u.PreferredFamily, u.Pronouns, u.Username, fold(u.Email), u.Identifier, u.MasterIdentifier,
		joinList(u.UserIDs), grade, u.PrimaryOrg, u.Enabled, fold(given+" "+family), fold(u.Username)); err != nil {
		return err
	}
	for _, a := range u.Agents {
		if err := s.guardian(line, active, id, s.Person(a)); err != nil {
			return err
		}
	}
	return nil
}

// guardian stages a pair of which one is the other's guardian; which is which is
// known when all roles are.
func (s *stager) guardian(line int, active bool, a, b roster.PersonID) error {
	if a > b {
		a, b = b, a
	}
	return s.put("guardian", string(a)+"|"+string(b), line, active, a, b)
}

func (s *stager) Role(line int, active bool, r roster.RoleRecord) error {
	return s.put("role", r.ID, line, active, s.Person(r.User), r.Org, r.Role, r.Primary, r.Begin, r.End)
}

func (s *stager) Enrollment(line int, active bool, e roster.Enrollment) error {
	return s.put("enrollment", string(e.ID), line, active, e.Class, e.School, s.Person(e.User), e.Role, e.Primary, e.Begin, e.End)
}

func (s *stager) Demographics(line int, active bool, d roster.Demographics) error {
	var extra []string
	for _, k := range slices.Sorted(maps.Keys(d.Extra)) {
		if d.Extra[k] != "" {
			extra = append(extra, k+"="+d.Extra[k])
		}
	}
	return s.put("demographics", string(s.Person(d.User)), line, active, d.BirthDate, d.Sex, joinList(d.Race), d.Hispanic, d.Country, joinList(extra))
}

func (s *stager) Profile(line int, active bool, p roster.Profile) error {
	return s.put("profile_account", p.ID, line, active, s.Person(p.User), p.Kind, p.Vendor, p.Username)
}

func (s *stager) Category(line int, active bool, c roster.Category) error {
	return s.put("category", c.ID, line, active, c.Title, c.Weight)
}

func (s *stager) LineItem(line int, active bool, l roster.LineItem) error {
	return s.put("line_item", l.ID, line, active, l.Title, l.Class, l.Category, l.Term, l.Assigned, l.Due, l.Min, l.Max, joinList(l.Competencies))
}

// number writes a number that may be unknown.
func number(f *float64) string {
	if f == nil {
		return ""
	}
	return strconv.FormatFloat(*f, 'g', -1, 64)
}

func (s *stager) Result(line int, active bool, r roster.Result) error {
	var on []string
	for _, o := range r.Competencies {
		on = append(on, o.Competency+"="+cmp.Or(number(o.Score), o.Text))
	}
	return s.put("result", r.ID, line, active, r.LineItem, s.Person(r.User), r.Status, number(r.Score), r.Text, r.Date, joinList(on))
}

func (s *stager) Attendance(line int, a roster.Attendance) error {
	return s.put("attendance", string(a.Student)+"|"+string(a.Day)+"|"+a.Period, line, true, a.Student, a.Day, a.Period, a.Missed, a.Suspended, a.Word)
}

func (s *stager) Use(line int, u roster.Use) error {
	return s.put("product_use", string(u.Student)+"|"+string(u.Day)+"|"+u.Product, line, true, u.Student, u.Product, u.Day, u.Minutes, u.Lessons)
}

func (s *stager) CourseResult(line int, c roster.CourseResult) error {
	return s.put("course_result", string(c.Student)+"|"+c.Course+"|"+c.Term, line, true, c.Student, c.Course, c.Subject, c.Term, c.Virtual, c.Provider, c.Load, c.Status, number(c.Points), number(c.Credits))
}

func (s *stager) Framework(f competency.Framework) error {
	return s.put("framework", string(f.ID), 0, true, f.Title, f.Creator, f.Subject, f.Language, f.Version, f.Licence, f.Status)
}

func (s *stager) Competency(line int, c competency.Competency) error {
	if s.codes != nil {
		s.addCode(c.ID, c.Code, c.Statement, c.Short)
	}
	return s.put("competency", string(c.ID), line, true, c.Framework, c.Code, c.Statement, c.Short, c.Student, c.Kind,
		joinList(c.Grades), c.Subject, c.Parent, int64(c.Position), c.Assessable, fold(c.Code))
}

func (s *stager) Edge(framework competency.FrameworkID, e competency.Edge) error {
	id := derive(string(framework), string(e.From), string(e.To), string(e.Kind))
	return s.put("competency_edge", id, 0, true, framework, e.From, e.To, e.Kind)
}

func (s *stager) Material(line int, m material.Material) error {
	return s.put("material", string(m.ID), line, true, m.Title, m.Link, m.Location, m.Kind, int64(m.Minutes), m.Language,
		m.ReadingLevel, joinList(m.Topics), joinList(m.Competencies), m.Tier, m.Licence, m.Accessibility, m.Social, m.Product, joinList(m.Checkpoints))
}

func (s *stager) Item(line int, q assess.Question) error {
	return s.put("item", string(q.ID), line, true, q.Competency, q.Text, joinList(q.Choices), joinList(q.Right),
		q.Item.Slope, q.Item.Difficulty[0], q.Item.Guess, q.Calibrated)
}

func (s *stager) Evidence(line int, p evidence.Piece) error {
	root := derive(string(s.district), "evidence", p.Key)
	s.pieces[root] = []any{int64(line), p.Student, p.Competency, micros(p.At), root, p.Kind, p.Score, p.Max, p.SE,
		p.Scale, p.Percentile, p.Label, p.Item, p.Easier, p.Guess, int64(p.Attempt), int64(p.Hints), p.Seconds, p.Source, p.Class, p.Note}
	if len(s.pieces) >= stageBatch {
		return s.flushPieces()
	}
	return nil
}

const evidenceIntakeColumns = `line, student, competency, at, root, kind, score, most, se, scale, percentile, label, item, easier, guess, attempt, hints, seconds, source, class, note`

func stagedPieces(n int) string {
	var b strings.Builder
	b.WriteString(`INSERT INTO evidence_intake (district, run, ` + evidenceIntakeColumns + `) VALUES `)
	arg := 3
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("($1, $2")
		for range 21 {
			fmt.Fprintf(&b, ", $%d", arg)
			arg++
		}
		b.WriteString(")")
	}
	b.WriteString(` ON CONFLICT (district, run, root) DO UPDATE SET line = excluded.line, student = excluded.student, competency = excluded.competency,
		at = excluded.at, kind = excluded.kind, score = excluded.score, most = excluded.most, se = excluded.se, scale = excluded.scale,
		percentile = excluded.percentile, label = excluded.label, item = excluded.item, easier = excluded.easier, guess = excluded.guess, attempt = excluded.attempt, hints = excluded.hints,
		seconds = excluded.seconds, source = excluded.source, class = excluded.class, note = excluded.note`)
	return b.String()
}

func (s *stager) flushPieces() error {
	if len(s.pieces) == 0 {
		return nil
	}
	s.staged["evidence"] = true
	rows := slices.SortedFunc(maps.Values(s.pieces), func(a, b []any) int { return cmp.Compare(a[4].(string), b[4].(string)) })
	clear(s.pieces)
	head := []any{s.district, s.run}
	return s.db.putMany(s.ctx, "evidence_intake", "district, run, "+evidenceIntakeColumns, head, stagedPieces, head, rows)
}

// Known reports whether a record is in the store, active or not.
func (s *stager) Known(kind, id string) bool {
	table := map[string]string{"orgs": "org", "academicSessions": "term", "courses": "course", "classes": "class", "users": "person",
		"roles": "role", "enrollments": "enrollment", "demographics": "demographics", "userProfiles": "profile_account",
		"categories": "category", "lineItems": "line_item", "results": "result"}[strings.TrimSuffix(kind, ".csv")]
	if table == "" {
		return false
	}
	if table == "person" || table == "demographics" {
		id = string(s.Person(id))
	}
	n, err := one(s.ctx, s.db, value[int64], `SELECT count(*) FROM `+table+` WHERE district = $1 AND id = $2`, s.district, id)
	return err == nil && n > 0
}

func (s *stager) FindStudents(ctx context.Context, by, ref string) ([]roster.PersonID, error) {
	key := by + "\x1f" + ref
	if ids, ok := s.found[key]; ok {
		return ids, nil
	}
	ids, err := s.findStudents(ctx, by, ref)
	if err == nil {
		s.found[key] = ids
	}
	return ids, err
}

func (s *stager) findStudents(ctx context.Context, by, ref string) ([]roster.PersonID, error) {
	// Who is here today comes first; results may also be of somebody who has left.
	search := func(cond string, args ...any) ([]roster.PersonID, error) {
		args = append([]any{s.district}, args...)
		here, err := many(ctx, s.db, value[roster.PersonID], `SELECT id FROM person WHERE district = $1 AND `+cond+` AND active ORDER BY id LIMIT 3`, args...)
		if err != nil || len(here) > 0 {
			return here, err
		}
		return many(ctx, s.db, value[roster.PersonID], `SELECT id FROM person WHERE district = $1 AND `+cond+` ORDER BY id LIMIT 3`, args...)
	}
	column := func(name string) ([]roster.PersonID, error) {
		v := ref
		if name != "identifier" {
			v = fold(ref)
		}
		return search(name+" = $2", v)
	}
	source := func() ([]roster.PersonID, error) { return search("id = $2", s.Person(ref)) }
	switch by {
	case "identifier":
		// Many systems export the district's number as the sourcedId, or only among
		// the user ids.
		for _, find := range []func() ([]roster.PersonID, error){
			func() ([]roster.PersonID, error) { return column("identifier") },
			source,
			func() ([]roster.PersonID, error) { return s.userID(ctx, ref) },
		} {
			if ids, err := find(); err != nil || len(ids) > 0 {
				return ids, err
			}
		}
		return nil, nil
	case "sourcedId":
		return source()
	case "username":
		return column("username_fold")
	case "email":
		return column("email")
	case "name":
		return column("name_fold")
	case "userId":
		return s.userID(ctx, ref)
	}
	for _, find := range []func() ([]roster.PersonID, error){
		source,
		func() ([]roster.PersonID, error) { return column("identifier") },
		func() ([]roster.PersonID, error) { return column("username_fold") },
		func() ([]roster.PersonID, error) { return column("email") },
		func() ([]roster.PersonID, error) { return s.userID(ctx, ref) },
	} {
		if ids, err := find(); err != nil || len(ids) > 0 {
			return ids, err
		}
	}
	return nil, nil
}

// userID finds people by one of their "{type:identifier}" pairs.
func (s *stager) userID(ctx context.Context, ref string) ([]roster.PersonID, error) {
	if s.byUserID == nil {
		s.byUserID = map[string][]roster.PersonID{}
		rows, err := many(ctx, s.db, func(row func(...any) error) (p [2]string, err error) { return p, row(&p[0], &p[1]) },
			`SELECT id, user_ids FROM person WHERE district = $1 AND user_ids <> '' ORDER BY id`, s.district)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			for _, u := range splitList[string](r[1]) {
				_, id, ok := strings.Cut(strings.Trim(u, "{}"), ":")
				if ok {
					s.byUserID[id] = append(s.byUserID[id], roster.PersonID(r[0]))
				}
			}
		}
	}
	return s.byUserID[ref], nil
}

func (s *stager) FindCompetencies(ctx context.Context, ref string) ([]competency.ID, error) {
	if s.codes == nil {
		s.codes = map[string][]competency.ID{}
		type names struct{ id, code, statement, short string }
		all, err := many(ctx, s.db, func(row func(...any) error) (n names, err error) {
			return n, row(&n.id, &n.code, &n.statement, &n.short)
		}, `SELECT c.id, c.code, c.statement, c.short FROM competency c WHERE c.district = $1 AND c.active AND NOT EXISTS (SELECT 1 FROM competency_edge t
			JOIN competency o ON o.district = t.district AND o.id = t.destination AND o.active
			WHERE t.district = c.district AND t.origin = c.id AND t.kind = 'translation' AND t.active) ORDER BY c.id`, s.district)
		if err != nil {
			return nil, err
		}
		for _, n := range all {
			s.addCode(competency.ID(n.id), n.code, n.statement, n.short)
		}
	}
	return s.codes[fold(ref)], nil
}

func (s *stager) addCode(id competency.ID, names ...string) {
	for _, n := range append(names, string(id)) {
		k := fold(n)
		if k != "" && !slices.Contains(s.codes[k], id) {
			s.codes[k] = append(s.codes[k], id)
		}
	}
}

func (s *stager) Abort(ctx context.Context) error {
	var errs []error
	for table := range s.piled {
		_, err := s.db.exec(ctx, `DROP TABLE IF EXISTS `+s.heap(table))
		errs = append(errs, err)
	}
	return errors.Join(append(errs, s.db.Discard(ctx, s.district, s.run, intake.Refused))...)
}

// Finish writes what is buffered and compares it with the store.
func (s *stager) Finish(ctx context.Context, sum intake.Summary, scope intake.Scope, judge func(*intake.Summary)) (intake.Summary, error) {
	if err := s.PeopleDone(ctx); err != nil {
		return sum, err
	}
	// What the file's reader knew of millions of rows goes before SQLite takes memory
	// of its own, which the runtime does not count.
	debug.FreeOSMemory()
	for table := range s.buffers {
		if err := s.settle(table); err != nil {
			return sum, err
		}
	}
	if err := s.flushPieces(); err != nil {
		return sum, err
	}
	if s.staged["guardian"] {
		if err := s.orientGuardians(ctx); err != nil {
			return sum, err
		}
	}
	for table := range s.staged {
		if _, err := s.db.exec(ctx, `ANALYZE `+table+`_intake`); err != nil {
			return sum, err
		}
	}
	sum.Run, sum.State = s.run, intake.Staged
	sum, err := s.db.diff(ctx, s.district, sum, scope)
	if err != nil {
		return sum, err
	}
	if judge != nil {
		judge(&sum)
	}
	scopeText, err := json.Marshal(scope)
	if err != nil {
		return sum, err
	}
	text, err := json.Marshal(sum)
	if err != nil {
		return sum, err
	}
	_, err = s.db.exec(ctx, `UPDATE intake_run SET state = 'staged', scope = $3, summary = $4, finished = $5 WHERE district = $1 AND id = $2`,
		s.district, s.run, string(scopeText), string(text), micros(s.db.now()))
	return sum, err
}
