package guard

import "time"

// ArchiveSchema is the form of a district's archive.
const ArchiveSchema = "waymark-archive/1"

// Archive is the contents of a district's archive: a zip file with manifest.json and, for each
// table, TABLE.ndjson, whose lines are objects of columns.
type Archive struct {
	Schema    string         `json:"schema"`
	District  string         `json:"district"`
	Written   time.Time      `json:"written"`
	Migration string         `json:"migration"` // the latest change of the schema that the rows have
	Digest    string         `json:"digest"`    // of the whole state, as waymark doctor --digest prints it
	Tables    []ArchiveTable `json:"tables"`
}

// ArchiveTable is one file of an archive.
type ArchiveTable struct {
	Table   string   `json:"table"`
	Purpose string   `json:"purpose"`
	Columns []string `json:"columns"`
	Rows    int      `json:"rows"`
	SHA256  string   `json:"sha256"`
}
