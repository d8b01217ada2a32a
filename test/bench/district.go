package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/google/uuid"

	"waymark/internal/competency"
	"waymark/internal/intake"
	"waymark/internal/oneroster"
	"waymark/internal/roster"
	"waymark/internal/store"
)

const districtID = roster.DistrictID("main")

// district is the size of a roster; every record follows from its number.
type district struct {
	schools, classes, students int
	each                       int // classes of one student, of their school
}

// write writes the roster as a OneRoster 1.2 package.
func (d district) write(out io.Writer) error {
	w := oneroster.NewWriter(out, oneroster.WriteOptions{SourceSystem: "bench"})
	var err error
	do := func(e error) bool {
		err = e
		return e == nil
	}
	school := func(i int) roster.OrgID { return roster.OrgID(fmt.Sprintf("school-%04d", i%d.schools)) }
	do(w.Org(roster.Org{ID: "district", Name: "Bench District", Kind: "district"}))
	for i := 0; err == nil && i < d.schools; i++ {
		do(w.Org(roster.Org{ID: school(i), Name: fmt.Sprintf("School %d", i), Kind: "school", Identifier: fmt.Sprintf("%06d", i), Parent: "district"}))
	}
	if err == nil {
		do(w.Term(roster.Term{ID: "year", Title: "2026-27", Kind: "schoolYear", Start: "2026-08-01", End: "2027-07-31", SchoolYear: "2027"}))
	}
	for i := 0; err == nil && i < 100; i++ {
		do(w.Course(roster.Course{ID: course(i), Title: fmt.Sprintf("Course %d", i), Code: fmt.Sprintf("C%03d", i), Year: "year", Org: "district"}))
	}
	for i := 0; err == nil && i < d.classes; i++ {
		do(w.Class(roster.Class{ID: class(i), Title: fmt.Sprintf("Class %d", i), Code: fmt.Sprintf("K%05d", i), Kind: "scheduled",
			Course: course(i), School: school(i), Terms: []roster.TermID{"year"}, Grades: []string{"07"}}))
	}
	user := func(kind string, i int) roster.User {
		name := fmt.Sprintf("%s-%07d", kind, i)
		return roster.User{SourcedID: guid(kind, i), Enabled: true, Username: name, GivenName: fmt.Sprintf("Given%d", i%1999), FamilyName: fmt.Sprintf("Family%d", i%7919),
			Email: name + "@example.org", Identifier: fmt.Sprintf("%s%08d", kind[:1], i), Grades: []string{"07"}, PrimaryOrg: school(i)}
	}
	people := func(f func(kind, role string, i int) error) {
		for i := 0; err == nil && i < d.classes/5; i++ {
			do(f("teacher", "teacher", i))
		}
		for i := 0; err == nil && i < d.students; i++ {
			do(f("student", "student", i))
		}
	}
	people(func(kind, _ string, i int) error { return w.User(user(kind, i)) })
	people(func(kind, role string, i int) error {
		return w.Role(roster.RoleRecord{ID: guid("role of "+kind, i), User: guid(kind, i), Org: school(i), Role: role, Primary: true})
	})
	enroll := func(id, kind string, who, in int) error {
		return w.Enrollment(roster.Enrollment{ID: roster.EnrollmentID(id), Class: class(in), School: school(in), User: guid(kind, who), Role: kind})
	}
	for i := 0; err == nil && i < d.classes; i++ {
		do(enroll(guid("enrollment of teacher", i), "teacher", i%max(1, d.classes/5), i))
	}
	// A school's classes are those whose number is the school's, modulo the schools.
	inSchool := d.classes / d.schools
	for i := 0; err == nil && i < d.students; i++ {
		for j := 0; err == nil && j < d.each; j++ {
			k := (i/d.schools + j) % inSchool
			do(enroll(guid("enrollment", i*d.each+j), "student", i, i%d.schools+k*d.schools))
		}
	}
	return errors.Join(err, w.Close())
}

// guid is the id of the i-th record of a kind. As in real systems, ids are in no order:
// that is what makes large indexes slow.
func guid(kind string, i int) string {
	h := sha256.Sum256(fmt.Appendf(nil, "%s %d", kind, i))
	return uuid.UUID(h[:16]).String()
}

func course(i int) roster.CourseID { return roster.CourseID(fmt.Sprintf("course-%03d", i%100)) }
func class(i int) roster.ClassID   { return roster.ClassID(fmt.Sprintf("class-%06d", i)) }

// file writes the roster into a file.
func (d district) file(name string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<16)
	return errors.Join(d.write(w), w.Flush(), f.Close())
}

// skill is the id of a competency of the bench's framework.
func skill(i int) competency.ID { return competency.ID(fmt.Sprintf("competency-%04d", i)) }

// load brings a roster and a framework into a store, as files are brought in.
func load(ctx context.Context, db *store.DB, d district, skills int, file string) error {
	if err := d.file(file); err != nil {
		return err
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	if err := db.EnsureDistrict(ctx, roster.District{ID: districtID, Name: "Bench"}); err != nil {
		return err
	}
	im := intake.Importer{Store: db, Now: time.Now}
	s, err := im.Check(ctx, intake.Job{District: districtID, Kind: intake.OneRoster, Name: "roster.zip", File: f, Size: st.Size(), Strict: true})
	if err != nil {
		return err
	}
	if _, err := im.Apply(ctx, districtID, s.Run, true); err != nil {
		return err
	}
	stage, err := db.Stage(ctx, districtID, intake.CASE, "framework.json", "")
	if err != nil {
		return err
	}
	framework := competency.Framework{ID: "framework", Title: "Bench", Creator: "bench", Subject: "Mathematics", Status: "Adopted"}
	if err := stage.Framework(framework); err != nil {
		return err
	}
	for i := range skills {
		if err := stage.Competency(i+1, competency.Competency{ID: skill(i), Framework: framework.ID, Code: fmt.Sprintf("M.%d", i), Statement: fmt.Sprintf("Statement %d", i),
			Subject: "Mathematics", Position: i, Assessable: true}); err != nil {
			return err
		}
	}
	s, err = stage.Finish(ctx, intake.Summary{Kind: intake.CASE, File: "framework.json", Started: time.Now()}, intake.Scope{Framework: "framework"}, nil)
	if err != nil {
		return err
	}
	_, err = im.Apply(ctx, districtID, s.Run, true)
	return err
}
