package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"waymark/internal/fault"
	"waymark/internal/intake"
	"waymark/internal/roster"
)

// Merge makes one person of two records of the same human being: keep stays, gone
// ends, and what gone showed, is enrolled in and is related to becomes keep's. It is
// an import like another: shown by its run, and undone by [DB.Undo]. Evidence is
// not changed but revised, so that the log still says under whom it came.
func (db *DB) Merge(ctx context.Context, d roster.DistrictID, keep, gone, actor roster.PersonID) (intake.Summary, error) {
	var sum intake.Summary
	if keep == gone {
		return sum, fault.New(fault.Invalid, "These two are one person already.")
	}
	for _, p := range []roster.PersonID{keep, gone} {
		if _, err := db.Person(ctx, d, p); err != nil {
			return sum, err
		}
	}
	st, err := db.Stage(ctx, d, "merge", "merge of two people", actor)
	if err != nil {
		return sum, err
	}
	s := st.(*stager)
	if err := s.stageMerge(ctx, keep, gone); err != nil {
		return sum, errors.Join(err, s.Abort(ctx))
	}
	sum, err = s.Finish(ctx, intake.Summary{Kind: "merge", File: "merge of two people", Started: db.now(), Problems: []fault.Problem{}}, intake.Scope{}, nil)
	if err != nil {
		return sum, errors.Join(err, s.Abort(ctx))
	}
	if sum, err = db.Apply(ctx, d, sum.Run); err != nil {
		return sum, err
	}
	return sum, db.Tx(ctx, func(tx *DB) error {
		for _, q := range []string{
			`UPDATE goal SET student = $3 WHERE district = $1 AND student = $2`,
			`UPDATE goal_step SET student = $3 WHERE district = $1 AND student = $2`,
			`UPDATE goal_stage SET student = $3 WHERE district = $1 AND student = $2`,
			`UPDATE pathway_item SET student = $3 WHERE district = $1 AND student = $2`,
			`UPDATE plan_remark SET student = $3 WHERE district = $1 AND student = $2`,
			`UPDATE plan_participant SET student = $3 WHERE district = $1 AND student = $2`,
			`UPDATE plan_version SET student = $3 WHERE district = $1 AND student = $2`,
			`UPDATE plan_signature SET student = $3 WHERE district = $1 AND student = $2`,
			`UPDATE choice_checkpoint SET student = $3 WHERE district = $1 AND student = $2`,
			`UPDATE outside SET student = $3 WHERE district = $1 AND student = $2`,
			`DELETE FROM flex_request WHERE district = $1 AND student = $2 AND EXISTS (SELECT 1 FROM flex_request k WHERE k.district = $1 AND k.student = $3 AND k.week = flex_request.week AND k.offer = flex_request.offer)`,
			`UPDATE flex_request SET student = $3 WHERE district = $1 AND student = $2`,
			`UPDATE flex_required SET student = $3 WHERE district = $1 AND student = $2 AND id NOT IN (SELECT id FROM flex_required WHERE district = $1 AND student = $3)`,
			`UPDATE flex_place SET student = $3 WHERE district = $1 AND student = $2 AND slot NOT IN (SELECT slot FROM flex_place WHERE district = $1 AND student = $3)`,
			`UPDATE group_member SET student = $3 WHERE district = $1 AND student = $2 AND group_set NOT IN (SELECT group_set FROM group_member WHERE district = $1 AND student = $3)`,
			`UPDATE tutoring SET student = $3 WHERE district = $1 AND student = $2 AND competency NOT IN (SELECT competency FROM tutoring WHERE district = $1 AND student = $3)`,
			`DELETE FROM flex_required WHERE district = $1 AND student = $2 AND student <> $3`,
			`DELETE FROM flex_place WHERE district = $1 AND student = $2 AND student <> $3`,
			`DELETE FROM group_member WHERE district = $1 AND student = $2 AND student <> $3`,
			`UPDATE class_said SET student = $3 WHERE district = $1 AND student = $2 AND ask NOT IN (SELECT ask FROM class_said WHERE district = $1 AND student = $3)`,
			`DELETE FROM class_said WHERE district = $1 AND student = $2 AND student <> $3`,
			`DELETE FROM tutoring WHERE district = $1 AND student = $2 AND student <> $3`,
			`UPDATE dose_reason SET student = $3 WHERE district = $1 AND student = $2`,
			`UPDATE study_lot SET unit = $3 WHERE district = $1 AND unit = $2 AND study NOT IN (SELECT study FROM study_lot WHERE district = $1 AND unit = $3)`,
			`UPDATE team_item SET student = $3 WHERE district = $1 AND student = $2`,
			`UPDATE team_item SET owner = $3 WHERE district = $1 AND owner = $2`,
			`UPDATE team SET lead = $3 WHERE district = $1 AND lead = $2`,
			`UPDATE team_member SET person = $3 WHERE district = $1 AND person = $2 AND team NOT IN (SELECT team FROM team_member WHERE district = $1 AND person = $3)`,
			`DELETE FROM team_member WHERE district = $1 AND person = $2 AND person <> $3`,
			`UPDATE flag SET student = $3 WHERE district = $1 AND student = $2`,
			`UPDATE choice SET student = $3 WHERE district = $1 AND student = $2`,
			`UPDATE sitting SET student = $3 WHERE district = $1 AND student = $2`,
			`UPDATE profile_event SET student = $3 WHERE district = $1 AND student = $2`,
			`UPDATE conference SET student = $3 WHERE district = $1 AND student = $2`,
			`UPDATE conference_note SET student = $3 WHERE district = $1 AND student = $2`,
			`UPDATE queue_move SET student = $3 WHERE district = $1 AND student = $2`,
			`UPDATE mentor SET student = $3 WHERE district = $1 AND student = $2 AND NOT EXISTS (SELECT 1 FROM mentor k WHERE k.district = $1 AND k.student = $3)`,
			`UPDATE road_wish SET student = $3 WHERE district = $1 AND student = $2`,
			`UPDATE commitment SET student = $3 WHERE district = $1 AND student = $2`,
			`UPDATE conference_request SET student = $3 WHERE district = $1 AND student = $2`,
		} {
			if _, err := tx.exec(ctx, q, d, gone, keep); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *stager) stageMerge(ctx context.Context, keep, gone roster.PersonID) error {
	sources, err := many(ctx, s.db, value[string], `SELECT source FROM person WHERE district = $1 AND id = $2
		UNION SELECT id FROM person_alias WHERE district = $1 AND person = $2 ORDER BY 1`, s.district, gone)
	if err != nil {
		return err
	}
	for _, source := range sources {
		if err := s.put("person_alias", source, 0, true, keep, "merged by a person"); err != nil {
			return err
		}
	}
	others, err := many(ctx, s.db, func(row func(...any) error) (g [2]string, err error) { return g, row(&g[0], &g[1]) },
		`SELECT id, CASE WHEN student = $2 THEN guardian ELSE student END FROM guardian
		WHERE district = $1 AND (student = $2 OR guardian = $2) AND active ORDER BY id`, s.district, gone)
	if err != nil {
		return err
	}
	for _, g := range others {
		a, b, _ := strings.Cut(g[0], "|")
		if err := s.put("guardian", g[0], 0, false, a, b); err != nil {
			return err
		}
		if g[1] == string(keep) {
			continue
		}
		if err := s.guardian(0, true, keep, roster.PersonID(g[1])); err != nil {
			return err
		}
	}
	return s.db.bulk(ctx, func(tx *DB) error {
		for _, q := range mergeStatements() {
			if _, err := tx.exec(ctx, q, s.district, s.run, keep, gone); err != nil {
				return err
			}
		}
		for _, t := range []string{"person", "demographics", "role", "enrollment", "profile_account", "result", "attendance", "product_use", "course_result", "guardian", "evidence"} {
			s.staged[t] = true
		}
		return nil
	})
}

// mergeStatements stage what is gone's as keep's; $1 district, $2 run, $3 keep, $4 gone.
func mergeStatements() []string {
	var out []string
	for _, name := range []string{"role", "enrollment", "profile_account", "result", "attendance", "product_use", "course_result"} {
		t := twinOf(name)
		out = append(out, fmt.Sprintf(`INSERT INTO %[1]s_intake (district, run, side, id, line, active, ended, run_created, run_changed, %[2]s)
			SELECT b.district, $2, 'new', b.id, 0, TRUE, 0, '', '', %[3]s FROM %[1]s b WHERE b.district = $1 AND b.person = $4 AND b.active`, name, t.list(""),
			t.each(", ", func(c string) string {
				if c == "person" {
					return "CAST($3 AS TEXT)"
				}
				return "b." + c
			})))
	}
	for _, name := range []string{"person", "demographics"} {
		t := twinOf(name)
		out = append(out, fmt.Sprintf(`INSERT INTO %[1]s_intake (district, run, side, id, line, active, ended, run_created, run_changed, %[2]s)
			SELECT b.district, $2, 'new', b.id, 0, FALSE, 0, '', '', %[3]s FROM %[1]s b WHERE b.district = $1 AND b.id = $4 AND b.active AND CAST($3 AS TEXT) <> ''`,
			name, t.list(""), t.list("b.")))
	}
	return append(out, `INSERT INTO evidence_intake (district, run, `+evidenceIntakeColumns+`)
		SELECT e.district, $2, 0, $3, e.competency, e.at, e.root, e.kind, e.score, e.most, e.se, e.scale, e.percentile, e.label, e.item, e.easier, e.guess,
			e.attempt, e.hints, e.seconds, e.source, e.class, e.note FROM evidence e WHERE e.district = $1 AND e.student = $4 AND `+notVoid)
}
