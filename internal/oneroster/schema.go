package oneroster

// kind says what a cell may hold.
type kind uint8

const (
	text      kind = iota
	ignored        // never read: passwords and telephone numbers
	guid           // a sourcedId
	guidList       // sourcedIds separated by commas
	textList       // texts separated by commas
	userIDs        // {type:identifier} pairs separated by commas
	scale          // {from:to} pairs separated by commas
	words          // one word of a vocabulary
	wordsList      // words of a vocabulary separated by commas
	date           // YYYY-MM-DD
	year           // YYYY
	boolean        // true or false
	integer        // a whole number
	float          // a decimal number
	status         // what happens to the record; only in a delta file
	modified       // when that happened; only in a delta file
)

// column is one column of a file as the specification has it.
type column struct {
	name     string
	kind     kind
	required bool
	target   string // the file in which a guid or guidList must occur
	words    []string
	ext      bool   // words that begin with "ext:" extend the vocabulary
	alias    string // a name that real exports use instead; it wins where both occur (1.1 only)
}

// table is one file of a package.
type table struct {
	name    string // "users" for users.csv
	columns []column
	index   map[string]int // column name to its place in columns
	refs    []int          // places of columns with a target
}

func (t *table) file() string { return t.name + ".csv" }

// edition is one version of the specification: its files in the order in which
// they are read, so that a record comes after those that it refers to.
type edition struct {
	version string
	strict  bool // what the specification does not allow is refused
	tables  []*table
}

func (e *edition) table(name string) *table {
	for _, t := range e.tables {
		if t.name == name {
			return t
		}
	}
	return nil
}

func newTable(name string, columns ...column) *table {
	t := &table{name: name, index: make(map[string]int)}
	t.columns = append([]column{
		{name: "sourcedId", kind: guid, required: true},
		{name: "status", kind: status},
		{name: "dateLastModified", kind: modified},
	}, columns...)
	if name == "demographics" {
		t.columns[0].target = "users" // its sourcedId is the user's
	}
	for i, c := range t.columns {
		t.index[c.name] = i
		if c.target != "" {
			t.refs = append(t.refs, i)
		}
	}
	return t
}

func col(name string, k kind) column { return column{name: name, kind: k} }

func must(name string, k kind) column { return column{name: name, kind: k, required: true} }

func ref(name, target string) column { return column{name: name, kind: guid, target: target} }

func mustRef(name, target string) column {
	return column{name: name, kind: guid, target: target, required: true}
}

func refs(name, target string) column { return column{name: name, kind: guidList, target: target} }

func mustRefs(name, target string) column {
	return column{name: name, kind: guidList, target: target, required: true}
}

func word(name string, ext bool, list ...string) column {
	return column{name: name, kind: words, words: list, ext: ext}
}

func mustWord(name string, ext bool, list ...string) column {
	c := word(name, ext, list...)
	c.required = true
	return c
}

func (c column) or(alias string) column {
	c.alias = alias
	return c
}
