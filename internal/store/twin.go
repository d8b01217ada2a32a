package store

import (
	"fmt"
	"slices"
	"strings"
)

// twin describes a table T of what files say, which has a twin T_intake. Their SQL
// is made here once for all of them, and each statement is prepared in a test on
// both databases.
type twin struct {
	name    string
	columns []string // all but keys and bookkeeping, in the order of the stager's values
	label   string   // SQL over alias r that names a record to a person
	scope   string   // column that limits what a run may end, or empty
	// kept says when a record that a run created must outlive its undo, as SQL over
	// the table's own name; it is then ended instead.
	kept string
}

var twins = []twin{
	{name: "org", columns: []string{"name", "kind", "identifier", "parent"}, label: "r.name"},
	{name: "term", columns: []string{"title", "kind", "starts", "ends", "parent", "school_year"}, label: "r.title"},
	{name: "course", columns: []string{"title", "code", "year", "grades", "org", "subjects"}, label: "r.title"},
	{name: "class", columns: []string{"title", "code", "kind", "course", "school", "terms", "grades", "subjects", "periods", "location"}, label: "r.title"},
	{name: "person", columns: []string{"source", "given", "middle", "family", "preferred_given", "preferred_family", "pronouns",
		"username", "email", "identifier", "master_identifier", "user_ids", "grade", "school", "enabled", "name_fold", "username_fold"},
		label: "r.given || ' ' || r.family",
		kept: `EXISTS (SELECT 1 FROM evidence e WHERE e.district = person.district AND e.student = person.id)
			OR EXISTS (SELECT 1 FROM attendance a WHERE a.district = person.district AND a.person = person.id)
			OR EXISTS (SELECT 1 FROM product_use u WHERE u.district = person.district AND u.person = person.id)
			OR EXISTS (SELECT 1 FROM course_result z WHERE z.district = person.district AND z.person = person.id)
			OR EXISTS (SELECT 1 FROM dose_reason h WHERE h.district = person.district AND h.student = person.id)
			OR EXISTS (SELECT 1 FROM study_lot l WHERE l.district = person.district AND l.unit = person.id)
			OR EXISTS (SELECT 1 FROM goal g WHERE g.district = person.district AND g.student = person.id)
			OR EXISTS (SELECT 1 FROM pathway_item i WHERE i.district = person.district AND i.student = person.id)
			OR EXISTS (SELECT 1 FROM plan_remark k WHERE k.district = person.district AND k.student = person.id)
			OR EXISTS (SELECT 1 FROM plan_signature n WHERE n.district = person.district AND n.student = person.id)
			OR EXISTS (SELECT 1 FROM outside o WHERE o.district = person.district AND o.student = person.id)
			OR EXISTS (SELECT 1 FROM flex_place x WHERE x.district = person.district AND x.student = person.id)
			OR EXISTS (SELECT 1 FROM group_member w WHERE w.district = person.district AND w.student = person.id)
			OR EXISTS (SELECT 1 FROM flag f WHERE f.district = person.district AND f.student = person.id)
			OR EXISTS (SELECT 1 FROM choice c WHERE c.district = person.district AND c.student = person.id)
			OR EXISTS (SELECT 1 FROM sitting s WHERE s.district = person.district AND s.student = person.id)
			OR EXISTS (SELECT 1 FROM profile_event v WHERE v.district = person.district AND v.student = person.id)
			OR EXISTS (SELECT 1 FROM conference t WHERE t.district = person.district AND t.student = person.id)
			OR EXISTS (SELECT 1 FROM conference_request q WHERE q.district = person.district AND q.student = person.id)`},
	{name: "person_alias", columns: []string{"person", "because"}, label: "r.id"},
	{name: "role", columns: []string{"person", "org", "role", "is_primary", "begins", "ends"}, label: "r.role"},
	{name: "guardian", columns: []string{"student", "guardian"}, label: "r.id"},
	{name: "enrollment", columns: []string{"class", "school", "person", "role", "is_primary", "begins", "ends"}, label: "r.class || ' ' || r.role"},
	{name: "demographics", columns: []string{"birth_date", "sex", "race", "hispanic", "country", "extra"}, label: "''"},
	{name: "profile_account", columns: []string{"person", "kind", "vendor", "username"}, label: "r.vendor"},
	{name: "category", columns: []string{"title", "weight"}, label: "r.title"},
	{name: "line_item", columns: []string{"title", "class", "category", "term", "assigned", "due", "least", "most", "competencies"}, label: "r.title"},
	{name: "result", columns: []string{"line_item", "person", "status", "score", "words", "day", "competencies"}, label: "r.line_item"},
	{name: "attendance", columns: []string{"person", "day", "period", "missed", "suspended", "word"}, label: "r.day || ' ' || r.word"},
	{name: "product_use", columns: []string{"person", "product", "day", "minutes", "lessons"}, label: "r.product || ' ' || r.day"},
	{name: "course_result", columns: []string{"person", "course", "subject", "term", "virtual", "provider", "load", "status", "points", "credits"}, label: "r.course || ' ' || r.term"},
	{name: "framework", columns: []string{"title", "creator", "subject", "language", "version", "licence", "status"}, label: "r.title"},
	{name: "competency", columns: []string{"framework", "code", "statement", "short", "student", "kind", "grades", "subject", "parent", "position", "assessable", "code_fold"},
		label: "r.code || ' ' || r.statement", scope: "framework",
		kept: `EXISTS (SELECT 1 FROM mastery m WHERE m.district = competency.district AND m.competency = competency.id)`},
	{name: "competency_edge", columns: []string{"framework", "origin", "destination", "kind"}, label: "r.kind", scope: "framework"},
	{name: "material", columns: []string{"title", "link", "location", "kind", "minutes", "language", "reading_level", "topics", "competencies", "tier", "licence", "accessibility", "social", "product", "checkpoints"},
		label: "r.title",
		kept:  `EXISTS (SELECT 1 FROM choice c WHERE c.district = material.district AND c.material = material.id)`},
	{name: "item", columns: []string{"competency", "question", "choices", "right_answers", "slope", "difficulty", "guess", "calibrated"},
		label: "r.question",
		kept:  `EXISTS (SELECT 1 FROM sitting_answer a WHERE a.district = item.district AND a.item = item.id)`},
}

func twinOf(name string) *twin {
	i := slices.IndexFunc(twins, func(t twin) bool { return t.name == name })
	return &twins[i]
}

// each joins what f makes of every column.
func (t *twin) each(sep string, f func(column string) string) string {
	parts := make([]string, len(t.columns))
	for i, c := range t.columns {
		parts[i] = f(c)
	}
	return strings.Join(parts, sep)
}

func (t *twin) list(alias string) string {
	return t.each(", ", func(c string) string { return alias + c })
}

// stagedColumns are the columns of a staged row.
func (t *twin) stagedColumns() string {
	return "district, run, side, ended, run_created, run_changed, id, line, active, " + t.list("")
}

// staged inserts n new rows; $1 district, $2 run, then id, line, active and columns.
func (t *twin) staged(n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `INSERT INTO %s_intake (%s) VALUES `, t.name, t.stagedColumns())
	arg := 3
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("($1, $2, 'new', 0, '', ''")
		for range 3 + len(t.columns) {
			fmt.Fprintf(&b, ", $%d", arg)
			arg++
		}
		b.WriteString(")")
	}
	return b.String() + t.replace()
}

// settled inserts new rows from a heap, in the order of their ids; $1 district, $2 run,
// after id $3 and up to $4.
func (t *twin) settled(heap string) string {
	return fmt.Sprintf(`INSERT INTO %s_intake (%s) SELECT $1, $2, 'new', 0, '', '', id, line, active, %s FROM %s WHERE id > $3 AND id <= $4 ORDER BY id, rowid`,
		t.name, t.stagedColumns(), t.list(""), heap) + t.replace()
}

// replace lets a second row of the same record replace the first: several user records
// of one person come here.
func (t *twin) replace() string {
	return ` ON CONFLICT (district, run, side, id) DO UPDATE SET line = excluded.line, active = excluded.active, ` +
		t.each(", ", func(c string) string { return c + " = excluded." + c })
}

// differs is true where the new row i would change the record b.
func (t *twin) differs() string {
	return "(NOT b.active OR " + t.each(" OR ", func(c string) string { return "i." + c + " <> b." + c }) + ")"
}

// ending is true where the record b would end; $3 says that the file is complete,
// $4 is the scope.
func (t *twin) ending() string {
	cond := fmt.Sprintf(`b.district = $1 AND b.active AND (
		EXISTS (SELECT 1 FROM %[1]s_intake i WHERE i.district = b.district AND i.run = $2 AND i.side = 'new' AND i.id = b.id AND NOT i.active)
		OR (CAST($3 AS BOOLEAN) AND NOT EXISTS (SELECT 1 FROM %[1]s_intake i WHERE i.district = b.district AND i.run = $2 AND i.side = 'new' AND i.id = b.id)))`, t.name)
	return cond + " AND " + t.within(4)
}

// within limits records b to the scope, argument n.
func (t *twin) within(n int) string {
	if t.scope != "" {
		return fmt.Sprintf("b.%s = $%d", t.scope, n)
	}
	return fmt.Sprintf("CAST($%d AS TEXT) IS NOT NULL", n)
}

// counts returns how many active rows are new, would change a record, are there at all,
// and stand for a record that is active; $1 district, $2 run, $3 scope.
func (t *twin) counts() string {
	return fmt.Sprintf(`SELECT count(*) FILTER (WHERE b.id IS NULL), count(*) FILTER (WHERE b.id IS NOT NULL AND %s),
		count(*), count(*) FILTER (WHERE b.id IS NOT NULL AND b.active AND %s) FROM %s_intake i LEFT JOIN %s b ON b.district = i.district AND b.id = i.id
		WHERE i.district = $1 AND i.run = $2 AND i.side = 'new' AND i.active`, t.differs(), t.within(3), t.name, t.name)
}

// countActive counts the records that a complete file may end; $1 district, $2 scope.
func (t *twin) countActive() string {
	return fmt.Sprintf(`SELECT count(*) FROM %s b WHERE b.district = $1 AND b.active AND %s`, t.name, t.within(2))
}

// countDeleted counts the active records that the file says are deleted; $1 district,
// $2 run, $3 scope.
func (t *twin) countDeleted() string {
	return fmt.Sprintf(`SELECT count(*) FROM %s_intake i JOIN %s b ON b.district = i.district AND b.id = i.id
		WHERE i.district = $1 AND i.run = $2 AND i.side = 'new' AND NOT i.active AND b.active AND %s`, t.name, t.name, t.within(3))
}

// samples return what, id, line, label and the columns before and after.
func (t *twin) sampleAdded() string {
	return fmt.Sprintf(`SELECT r.id, r.line, %s FROM %s_intake r WHERE r.district = $1 AND r.run = $2 AND r.side = 'new' AND r.active
		AND NOT EXISTS (SELECT 1 FROM %s b WHERE b.district = r.district AND b.id = r.id) ORDER BY r.line, r.id LIMIT $3`, t.label, t.name, t.name)
}

func (t *twin) sampleChanged() string {
	text := func(alias string) string {
		return t.each(", ", func(c string) string { return "CAST(" + alias + c + " AS TEXT)" })
	}
	return fmt.Sprintf(`SELECT i.id, i.line, %s, CAST(b.active AS TEXT), %s, %s FROM %s_intake i
		JOIN %s b ON b.district = i.district AND b.id = i.id
		WHERE i.district = $1 AND i.run = $2 AND i.side = 'new' AND i.active AND %s ORDER BY i.line, i.id LIMIT $3`,
		strings.ReplaceAll(t.label, "r.", "i."), text("b."), text("i."), t.name, t.name, t.differs())
}

func (t *twin) sampleEnding() string {
	return fmt.Sprintf(`SELECT b.id, 0, %s FROM %s b WHERE %s ORDER BY b.id LIMIT $5`, strings.ReplaceAll(t.label, "r.", "b."), t.name, t.ending())
}

const bookkeeping = "active, ended, run_created, run_changed"

func (t *twin) keepOld(from string) string {
	return fmt.Sprintf(`INSERT INTO %s_intake (district, run, side, id, line, %s, %s)
		SELECT b.district, $2, 'old', b.id, 0, %s, b.active, b.ended, b.run_created, b.run_changed FROM %s`,
		t.name, t.list(""), bookkeeping, t.list("b."), from)
}

// keepChanged keeps what changed records were; $1 district, $2 run.
func (t *twin) keepChanged() string {
	return t.keepOld(fmt.Sprintf(`%s_intake i JOIN %s b ON b.district = i.district AND b.id = i.id
		WHERE i.district = $1 AND i.run = $2 AND i.side = 'new' AND i.active AND %s`, t.name, t.name, t.differs()))
}

// keepEnding keeps what ending records were; arguments of [twin.ending].
func (t *twin) keepEnding() string {
	return t.keepOld(fmt.Sprintf(`%s b WHERE %s`, t.name, t.ending()))
}

// end ends records; arguments of [twin.ending], $5 the time.
func (t *twin) end() string {
	return fmt.Sprintf(`UPDATE %s AS b SET active = FALSE, ended = $5, run_changed = $2 WHERE %s`, t.name, t.ending())
}

// upsert writes the new rows; $1 district, $2 run.
func (t *twin) upsert() string {
	return fmt.Sprintf(`INSERT INTO %[1]s AS b (district, id, %[2]s, %[3]s)
		SELECT i.district, i.id, %[4]s, TRUE, 0, $2, $2 FROM %[1]s_intake i
		WHERE i.district = $1 AND i.run = $2 AND i.side = 'new' AND i.active
		ON CONFLICT (district, id) DO UPDATE SET %[5]s, active = TRUE, ended = 0, run_changed = excluded.run_changed
		WHERE NOT b.active OR %[6]s`, t.name, t.list(""), bookkeeping, t.list("i."),
		t.each(", ", func(c string) string { return c + " = excluded." + c }),
		t.each(" OR ", func(c string) string { return "b." + c + " <> excluded." + c }))
}

// restore puts back what a run changed; $1 district, $2 run.
func (t *twin) restore() string {
	return fmt.Sprintf(`INSERT INTO %[1]s (district, id, %[2]s, %[3]s)
		SELECT i.district, i.id, %[4]s, i.active, i.ended, i.run_created, i.run_changed FROM %[1]s_intake i
		WHERE i.district = $1 AND i.run = $2 AND i.side = 'old'
		ON CONFLICT (district, id) DO UPDATE SET %[5]s, active = excluded.active, ended = excluded.ended,
		run_created = excluded.run_created, run_changed = excluded.run_changed`,
		t.name, t.list(""), bookkeeping, t.list("i."), t.each(", ", func(c string) string { return c + " = excluded." + c }))
}

// uncreate removes what a run created, except what must be kept; $1 district, $2 run.
func (t *twin) uncreate() string {
	q := fmt.Sprintf(`DELETE FROM %s WHERE district = $1 AND run_created = $2`, t.name)
	if t.kept != "" {
		q += " AND NOT (" + t.kept + ")"
	}
	return q
}

// retire ends what a run created and must be kept; $1 district, $2 run, $3 time.
func (t *twin) retire() string {
	return fmt.Sprintf(`UPDATE %s SET active = FALSE, ended = $3 WHERE district = $1 AND run_created = $2`, t.name)
}

func (t *twin) clear() string {
	return fmt.Sprintf(`DELETE FROM %s_intake WHERE district = $1 AND run = $2 AND side = $3`, t.name)
}

// statements returns every statement of the table, for the test that prepares them.
func (t *twin) statements() []string {
	return []string{t.staged(2), t.counts(), t.countActive(), t.countDeleted(), t.sampleAdded(), t.sampleChanged(), t.sampleEnding(), t.keepChanged(), t.keepEnding(),
		t.end(), t.upsert(), t.restore(), t.uncreate(), t.retire(), t.clear()}
}
