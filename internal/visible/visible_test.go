package visible_test

import (
	"strings"
	"testing"

	"waymark/internal/visible"
)

func TestText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"Maya Álvarez", "Maya Álvarez"},
		{"two\tcells\r\nand a line", "two\tcells\r\nand a line"},
		{"a\x00\x08\x1b[31m\x7f\u0085b", "a[31mb"},
		{"a\xff\xfe\xc0\xafb\xed\xa0\x80", "ab"},
		{"Ma\u200by\u2060a\u00ad\ufeff", "Maya"},
		{"Maya\u202ezeravl\u202c \u2066x\u2069", "Mayazeravl x"},
		{"one\u2028two", "one\ntwo"},
		{"می\u200cخواهم", "می\u200cخواهم"},           // Persian, with a joiner that it needs
		{"👩\u200d🏫", "👩\u200d🏫"},                     // a teacher
		{"Nguye\u0302\u0303n", "Nguye\u0302\u0303n"}, // two marks on one letter
		{"שָׁלוֹם \u200fa", "שָׁלוֹם \u200fa"},       // with points
		{"x\U000e0041\U000e0042", "x"},               // tags
		{"a" + strings.Repeat("\u0351", 300) + "b", "a" + strings.Repeat("\u0351", 8) + "b"},
	} {
		if got := visible.Text(c.in); got != c.want {
			t.Errorf("Text(%+q) = %+q; want %+q", c.in, got, c.want)
		}
	}
}
