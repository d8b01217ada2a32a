package web

import (
	"fmt"
	"net/http"
	"strconv"

	"waymark/internal/credit"
	"waymark/internal/guard"
	"waymark/internal/mastery"
)

// virtualView is the effectiveness report on virtual courses.
type virtualView struct {
	Any      bool // some course is virtual
	Hidden   bool // too few students to say anything
	Least    int
	R        credit.Virtual
	PassRate string
	Students [3]string // who passed all, some and none
	Others   string    // the same students' other courses
	Share    string
	Tables   []groupTable[virtualRow]
}

type virtualRow struct {
	Name, Enrollments, Students, PassRate string
}

// showVirtual reports on the virtual courses of the district: counts, no names.
func (s *Server) showVirtual(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	all, err := s.Store.CourseResults(r.Context(), a.District)
	if err != nil {
		return err
	}
	v := newVirtualView(credit.NewVirtual(all, nil, mastery.SmallCell))
	return s.render(w, r, a, http.StatusOK, "virtual", v)
}

func newVirtualView(rep credit.Virtual) virtualView {
	v := virtualView{R: rep, Least: mastery.SmallCell, Any: rep.Enrollments > 0, Hidden: rep.Students < mastery.SmallCell}
	if v.Hidden {
		return v
	}
	v.PassRate = share(rep.PassRate)
	for i, x := range []credit.Share{rep.All, rep.Some, rep.None} {
		v.Students[i] = share(x.Share)
		if x.Suppressed {
			v.Students[i] = "not shown"
		}
	}
	if b := rep.Both; b != nil {
		v.Others = fmt.Sprintf("%d students take virtual and other courses. They passed %s of their virtual and %s of their other courses.", b.Students, share(b.Virtual), share(b.Others))
	}
	if rep.VirtualShare != nil {
		v.Share = fmt.Sprintf("%s of all enrollments are virtual, in %d of %d schools.", share(rep.VirtualShare.Share), rep.VirtualSchools.Count, rep.VirtualSchools.Of)
	}
	for _, t := range rep.Tables {
		table := groupTable[virtualRow]{Title: upperFirst(t.By)}
		for _, row := range t.Rows {
			name := groupName(t.By, row.Value)
			if row.Suppressed {
				table.Hidden = append(table.Hidden, name)
				continue
			}
			table.Rows = append(table.Rows, virtualRow{name, count(row.Enrollments), count(row.Students), share(row.PassRate)})
		}
		v.Tables = append(v.Tables, table)
	}
	return v
}

// virtualCourses sends what must be published of each virtual course: enrollments, and how many
// earned 60 percent of its points or more.
func (s *Server) virtualCourses(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	all, err := s.Store.CourseResults(r.Context(), a.District)
	if err != nil {
		return err
	}
	rows := [][]string{{"course", "enrollments", "with known points", "earned 60 percent or more"}}
	for _, c := range credit.NewVirtual(all, nil, mastery.SmallCell).Courses {
		if c.Suppressed {
			rows = append(rows, []string{c.Course, "not shown", "not shown", "not shown"})
			continue
		}
		rows = append(rows, []string{c.Course, strconv.Itoa(c.Enrollments), strconv.Itoa(c.Known), strconv.Itoa(c.Earned)})
	}
	return writeCSV(w, r, "virtual-courses.csv", rows)
}
