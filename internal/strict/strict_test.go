package strict

import (
	"strings"
	"testing"
)

func TestReadSaysWhatIsWrongAndWhere(t *testing.T) {
	type document struct {
		Schema string `json:"schema"`
		Name   string `json:"name"`
		List   []struct {
			ID string `json:"id"`
		} `json:"list"`
	}
	for name, c := range map[string]struct{ text, says string }{
		"right":               {`{"schema":"s/1","name":"Müller","list":[{"id":"a"},{"id":"b"}]}`, ""},
		"a byte order mark":   {"\xef\xbb\xbf{\"schema\":\"s/1\"}", ""},
		"UTF-16":              {"\xff\xfe{\x00", "Save it as UTF-8"},
		"no UTF-8":            {"{\"schema\":\"s/1\",\n\"name\":\"\xe9\"}", "Line 2: this is no UTF-8"},
		"twice":               {"{\"schema\":\"s/1\",\n\"name\":\"a\",\n\"name\":\"b\"}", "Line 3: \"name\" is there twice"},
		"twice, inside":       {`{"schema":"s/1","list":[{"id":"a","id":"b"}]}`, "\"id\" is there twice"},
		"what a screen obeys": {`{"schema":"s/1","name":"\u001b[31m"}`, "holds characters that nobody sees"},
		"unknown":             {"{\"schema\":\"s/1\",\n\"nam\":1}", "Line 2"},
		"a list":              {`[]`, "it must be an object"},
		"another kind":        {`{"schema":"s/1","name":3}`, "name holds a value of the kind number"},
		"another schema":      {`{"schema":"s/2"}`, "it must be \"s/1\""},
		"two documents":       {`{"schema":"s/1"}{}`, "something follows"},
		"empty":               {``, "Line 1"},
	} {
		var d document
		err := Read(strings.NewReader(c.text), "s/1", "docs/s.md", &d)
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var c Checker
	ids := []string{"a", "a", "", "b\nc"}
	c.IDs("list", len(ids), func(i int) string { return ids[i] })
	if err := c.Err(); err == nil || !strings.Contains(err.Error(), "there twice") || !strings.Contains(err.Error(), "line break") {
		t.Error(err)
	}
}
