package oneroster

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"waymark/internal/fault"
)

// Limits hold back archives that are made to exhaust a server. A zero field
// takes its default. Sizes are bytes as they come out of the archive; what the
// archive says of itself is not trusted.
type Limits struct {
	Total   int64 // all files together; default 20 GB
	Ratio   int64 // how many times larger a file may be than its compressed form; default 200
	Free    int64 // up to here a file may be compressed as well as it likes; default 10 MB
	Entries int   // files in the archive; default 64
	Columns int   // columns in a file; default 512
	Cell    int   // one cell; default 64 KB
}

func (l Limits) filled() Limits {
	def := func(v *int64, d int64) {
		if *v <= 0 {
			*v = d
		}
	}
	def(&l.Total, 20<<30)
	def(&l.Ratio, 200)
	def(&l.Free, 10<<20)
	if l.Entries <= 0 {
		l.Entries = 64
	}
	if l.Columns <= 0 {
		l.Columns = 512
	}
	if l.Cell <= 0 {
		l.Cell = 64 << 10
	}
	return l
}

// archive is a zip file whose entries have harmless names.
type archive struct {
	lim   Limits
	size  int64
	files map[string]*zip.File // by name without the common top folder
	names []string             // keys of files, in archive order
	read  map[string]int64     // most bytes read of each file so far
	total int64                // sum of read
}

// directoryBytes bounds what may be read to learn the names of the entries.
const directoryBytes = 1 << 20

// rationed reads until its ration is used up; 0 is no bound.
type rationed struct {
	r    io.ReaderAt
	left int64
	on   bool
}

var errDirectory = errors.New("the list of entries is too long")

func (l *rationed) ReadAt(b []byte, off int64) (int, error) {
	if l.on {
		if l.left -= int64(len(b)); l.left < 0 {
			return 0, errDirectory
		}
	}
	return l.r.ReadAt(b, off)
}

func openArchive(r io.ReaderAt, size int64, name string, lim Limits) (*archive, Problems) {
	var bad Problems
	if what, cure := notZip(r, size); what != "" {
		bad.fatal("package.not_zip", name, what, cure)
		return nil, bad
	}
	ration := &rationed{r: r, left: directoryBytes, on: true}
	z, err := zip.NewReader(ration, size)
	ration.on = false
	if errors.Is(err, errDirectory) || z != nil && len(z.File) > lim.Entries {
		bad.fatal("package.too_many_entries", name,
			fmt.Sprintf("The archive holds more than %d files.", lim.Entries),
			"Zip only the OneRoster CSV files.")
		return nil, bad
	}
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		bad.fatal("package.damaged", name, "The zip archive is damaged or incomplete ("+err.Error()+").",
			"Export or download it again.")
		return nil, bad
	}
	a := &archive{lim: lim, size: size, files: make(map[string]*zip.File), read: make(map[string]int64)}
	var kept []*zip.File
	for _, f := range z.File {
		switch {
		case !safePath(f.Name):
			bad.fatal("package.unsafe_path", shown(f.Name), "The name leads out of the archive.",
				"Zip the CSV files by their plain names.")
		case strings.HasSuffix(f.Name, "/") || litter(f.Name):
		case f.Flags&1 != 0:
			bad.fatal("package.encrypted", shown(f.Name), "The file is encrypted.", "Make the zip archive without a password.")
		case f.Method != zip.Store && f.Method != zip.Deflate:
			bad.fatal("package.unsupported_compression", shown(f.Name), "The file is compressed in a way that cannot be read here.",
				"Make the zip archive with the usual compression (Deflate).")
		default:
			kept = append(kept, f)
		}
	}
	top := commonTop(kept)
	folded := make(map[string]bool)
	for _, f := range kept {
		n := strings.TrimPrefix(f.Name, top)
		switch {
		case strings.Contains(n, "/"):
			bad.fatal("package.nested_directory", shown(f.Name), "The file lies in a folder.",
				"Put all CSV files side by side at the top of the archive.")
		case folded[strings.ToLower(n)]:
			bad.fatal("package.duplicate_file", shown(f.Name), "The archive holds two files of this name.", "Keep one of them.")
		default:
			folded[strings.ToLower(n)] = true
			a.files[n] = f
			a.names = append(a.names, n)
		}
	}
	if a.files["[Content_Types].xml"] != nil || top == "xl/" || folded["[content_types].xml"] {
		return nil, Problems{{Code: "package.not_zip", File: name, Fatal: true,
			Message: "This is an office document, not a zip archive of CSV files.",
			Cure:    "Save each sheet as “CSV UTF-8” under its OneRoster name and zip these files with manifest.csv."}}
	}
	if len(bad) > 0 {
		return nil, bad
	}
	return a, nil
}

// notZip says what a file is that is no zip archive, and what to do.
func notZip(r io.ReaderAt, size int64) (what, cure string) {
	const again = "Choose the zip archive with manifest.csv and the other CSV files."
	if size <= 0 {
		return "The file is empty.", "Export or download it again."
	}
	head := make([]byte, min(size, 512))
	n, _ := r.ReadAt(head, 0)
	head = head[:n]
	for _, s := range []struct{ magic, what string }{
		{"\x1f\x8b", "This is a gzip or tar.gz archive, not a zip archive."},
		{"7z\xBC\xAF\x27\x1C", "This is a 7-Zip archive, not a zip archive."},
		{"Rar!", "This is a RAR archive, not a zip archive."},
		{"\xD0\xCF\x11\xE0", "This is an old office document, not a zip archive."},
		{"%PDF-", "This is a PDF document, not a zip archive."},
		{"<", "This is a web page or XML document, not a zip archive; perhaps a sign-in page was downloaded instead of the file."},
		{"{", "This is a JSON document, not a zip archive."},
	} {
		if bytes.HasPrefix(head, []byte(s.magic)) {
			return s.what, again
		}
	}
	if bytes.HasPrefix(head, []byte("PK")) {
		return "", ""
	}
	if bytes.ContainsAny(head, ",;\t") && bytes.IndexByte(head, 0) < 0 {
		return "This is a single text file, not a zip archive.",
			"Zip it together with manifest.csv and the other CSV files of the export."
	}
	return "This is not a zip archive.", again
}

// safePath reports a relative path with forward slashes that stays below its root.
func safePath(name string) bool {
	if name == "" || len(name) > 255 || strings.ContainsAny(name, "\\:\x00") || strings.HasPrefix(name, "/") {
		return false
	}
	clean := path.Clean(name)
	return clean != "." && clean == strings.TrimSuffix(name, "/") && clean != ".." && !strings.HasPrefix(clean, "../")
}

// litter reports files that operating systems leave in archives.
func litter(name string) bool {
	if strings.HasPrefix(name, "__MACOSX/") {
		return true
	}
	switch base := path.Base(name); strings.ToLower(base) {
	case ".ds_store", "thumbs.db", "desktop.ini":
		return true
	default:
		return strings.HasPrefix(base, "._")
	}
}

// commonTop returns the folder, with its slash, that all files lie in, or "".
func commonTop(files []*zip.File) string {
	top := ""
	for i, f := range files {
		dir, _, ok := strings.Cut(f.Name, "/")
		if !ok || i > 0 && dir+"/" != top {
			return ""
		}
		top = dir + "/"
	}
	return top
}

// entry reads one file within the limits. err is what went wrong, if anything.
type entry struct {
	a    *archive
	name string
	r    io.ReadCloser
	n    int64
	most int64 // by ratio
	err  error
}

func (a *archive) open(name string) (*entry, error) {
	f := a.files[name]
	r, err := f.Open()
	if err != nil {
		return nil, damaged(name, err)
	}
	compressed := min(f.CompressedSize64, uint64(a.size))
	most := a.lim.Free
	if by := int64(compressed); by > a.lim.Free/a.lim.Ratio {
		most = a.lim.Total
		if by < a.lim.Total/a.lim.Ratio {
			most = by * a.lim.Ratio
		}
	}
	return &entry{a: a, name: name, r: r, most: most}, nil
}

func damaged(name string, err error) fault.Problem {
	return fault.Problem{Code: "package.damaged", File: name, Fatal: true,
		Message: "The file cannot be unpacked (" + err.Error() + ").", Cure: "Export or download the package again."}
}

func (e *entry) Read(b []byte) (int, error) {
	if e.err != nil {
		return 0, e.err
	}
	n, err := e.r.Read(b)
	e.n += int64(n)
	if more := e.n - e.a.read[e.name]; more > 0 {
		e.a.read[e.name] = e.n
		e.a.total += more
	}
	switch {
	case e.n > e.most || e.a.total > e.a.lim.Total:
		e.err = fault.Problem{Code: "package.too_large", File: e.name, Fatal: true,
			Message: fmt.Sprintf("The file unpacks to more than is plausible (%d MB so far).", e.n>>20),
			Cure:    "Export the package again; if it is really that large, ask the person who runs the server to raise the limit."}
		return 0, e.err
	case err != nil && err != io.EOF:
		e.err = damaged(e.name, err)
		return n, e.err
	}
	return n, err
}

func (e *entry) Close() error { return e.r.Close() }
