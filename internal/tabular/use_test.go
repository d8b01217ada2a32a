package tabular_test

import (
	"testing"

	"waymark/internal/roster"
	"waymark/internal/tabular"
)

func TestUseInTheWaysThatVendorsWriteIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file string
		want []roster.Use
		bad  []string
	}{
		"minutes and lessons": {"Student ID,Product,Week of,Minutes,Lessons\n1,Trails,2026-09-07,45.5,2\n1,Trails,9/14/2026,,1\n", []roster.Use{{Product: "Trails", Day: "2026-09-07", Minutes: 45.5, Lessons: 2}, {Product: "Trails", Day: "2026-09-14", Lessons: 1}}, nil},
		"a clock":             {"email;app;date;time on task\na@b.c;Trails;2026-09-07;1:20:30\na@b.c;Trails;2026-09-08;20:00\n", []roster.Use{{Product: "Trails", Day: "2026-09-07", Minutes: 80.5}, {Product: "Trails", Day: "2026-09-08", Minutes: 20}}, nil},
		"hours":               {"student,product,date,hours,lessons\n1,Trails,2026-09-07,\"1,5\",\n1,Trails,2026-09-08,1:30,\n1,Trails,2026-09-09,,\"1,250\"\n", []roster.Use{{Product: "Trails", Day: "2026-09-07", Minutes: 90}, {Product: "Trails", Day: "2026-09-08", Minutes: 90}, {Product: "Trails", Day: "2026-09-09", Lessons: 1250}}, nil},
		"what cannot be": {"student,product,date,minutes,lessons\n,Trails,2026-09-07,1,\n1,,2026-09-07,1,\n1,T,then,1,\n1,T,2026-09-07,-4,\n1,T,2026-09-08,20000,\n1,T,2026-09-09,,many\n1,T,2026-09-10,,\n1,T,2026-09-11,1:99,\n1,T,2026-09-12,0,\n1,T,2026-09-12,3,\n",
			[]roster.Use{{Product: "T", Day: "2026-09-12"}}, []string{"row.no_student", "row.no_product", "row.day", "row.time", "row.time", "row.lessons", "row.no_use", "row.time", "row.duplicate"}},
	} {
		readsList(t, name, c.file, tabular.Uses, func(u tabular.UseRow) roster.Use { return u.Use }, c.want, c.bad)
	}
	lacksColumns(t, "student,minutes\n1,2\n", tabular.Uses)
}
