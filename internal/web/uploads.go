package web

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"sync"
	"syscall"
	"time"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/intake"
	"waymark/internal/tabular"
	"waymark/internal/visible"
)

// What a file may weigh, in bytes. A state's roster is large; nothing else is.
const (
	maxRoster  = 2 << 30
	maxFile    = 512 << 20
	maxMapping = 1 << 20
)

func maxUpload(k intake.Kind) int64 {
	if k == intake.OneRoster {
		return maxRoster
	}
	return maxFile
}

// received is a form with a file, which lies in a temporary file and not in memory.
type received struct {
	values  url.Values
	name    string // of the file, as the browser says
	file    *os.File
	size    int64
	mapping []byte // a mapping in YAML, if one came along
	mapName string
}

// close forgets the file.
func (f *received) close() {
	if f.file != nil {
		f.file.Close()
		os.Remove(f.file.Name())
	}
}

// receive reads a multipart form and streams its file into a folder, empty for the
// system's. The caller closes it, also after an error, and has made the request unhurried.
func receive(w http.ResponseWriter, r *http.Request, dir string) (*received, error) {
	f := &received{values: url.Values{}}
	r.Body = http.MaxBytesReader(w, r.Body, maxRoster+2*maxForm)
	parts, err := r.MultipartReader()
	if err != nil {
		return f, fault.Wrap(fault.Invalid, err, "The form could not be read. Please try again")
	}
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			return f, nil
		}
		if err == nil {
			err = f.take(part, dir)
		}
		if err != nil {
			if fault.KindOf(err) != fault.Internal {
				return f, err
			}
			if errors.Is(err, syscall.ENOSPC) {
				return f, fault.Wrap(fault.Unavailable, err, "The disk for temporary files is full, so that the file cannot be taken in. Nothing was changed. Make room on it and try again.")
			}
			return f, fault.Wrap(fault.Invalid, err, "The file did not arrive as a whole. Please try again")
		}
	}
}

func (f *received) take(part *multipart.Part, dir string) error {
	switch part.FormName() {
	case "file":
		if part.FileName() == "" || f.file != nil {
			return nil
		}
		file, err := os.CreateTemp(dir, "waymark-upload-*")
		if err != nil {
			return err
		}
		f.file, f.name = file, visible.Text(part.FileName())
		// The form sends the kind before the file; without it the larger limit holds.
		most := int64(maxRoster)
		if k := intake.Kind(f.values.Get("kind")); k != "" {
			most = maxUpload(k)
		}
		if f.size, err = io.Copy(file, io.LimitReader(part, most+1)); err != nil {
			return err
		}
		if f.size > most {
			return fault.Field("file", "The file is larger than %d MB. Split it and import the parts one after the other.", most>>20)
		}
		return nil
	case "yaml":
		data, err := io.ReadAll(io.LimitReader(part, maxMapping+1))
		if part.FileName() != "" && len(data) > 0 {
			f.mapping, f.mapName = data, visible.Text(part.FileName())
		}
		return err
	}
	data, err := io.ReadAll(io.LimitReader(part, maxForm))
	f.values.Add(part.FormName(), visible.Text(string(data)))
	return err
}

// uploadLife is how long a file waits for the next step of the mapping wizard, and
// uploadsEach how many files of one person do.
const (
	uploadLife  = time.Hour
	uploadsEach = 3
)

// upload is a file between two steps of the wizard.
type upload struct {
	district, actor string
	path, name      string
	size            int64
	options         tabular.Options // as the person said
	expires         time.Time
	timer           *time.Timer
}

// uploads keeps files between the steps of the wizard in a folder that only this
// program reads. Each belongs to one person and goes after an hour, or when the
// server stops. The zero uploads is ready to use.
type uploads struct {
	mu     sync.Mutex // guards the rest
	dir    string
	files  map[string]*upload // by token
	closed bool
}

var errUploadGone = fault.New(fault.NotFound, "This file is not kept any more. Please upload it again.")

// folder returns where files are kept, and makes it.
func (u *uploads) folder() (string, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return "", fault.New(fault.Conflict, "The server is stopping. Please try again in a minute.")
	}
	if u.dir == "" {
		dir, err := os.MkdirTemp("", "waymark-uploads-*")
		if err != nil {
			return "", err
		}
		u.dir = dir
	}
	return u.dir, nil
}

// keep takes over a received file and returns the token by which its owner finds it.
func (u *uploads) keep(now time.Time, random io.Reader, a guard.Actor, f *received, opt tabular.Options) (string, error) {
	token, _, err := guard.NewToken(random)
	if err != nil {
		return "", err
	}
	if err := f.file.Close(); err != nil {
		return "", err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return "", errUploadGone
	}
	u.sweep(now)
	var own []string
	for t, x := range u.files {
		if x.owned(a) {
			own = append(own, t)
		}
	}
	for len(own) >= uploadsEach {
		oldest := 0
		for i, t := range own {
			if u.files[t].expires.Before(u.files[own[oldest]].expires) {
				oldest = i
			}
		}
		u.remove(own[oldest])
		own = append(own[:oldest], own[oldest+1:]...)
	}
	if u.files == nil {
		u.files = map[string]*upload{}
	}
	u.files[token] = &upload{district: string(a.District), actor: string(a.Person), path: f.file.Name(), name: f.name, size: f.size, options: opt,
		expires: now.Add(uploadLife), timer: time.AfterFunc(uploadLife, func() { u.drop(token) })}
	f.file = nil // ours now
	return token, nil
}

func (x *upload) owned(a guard.Actor) bool {
	return x.district == string(a.District) && x.actor == string(a.Person)
}

// find returns a kept file of the actor's.
func (u *uploads) find(now time.Time, token string, a guard.Actor) (upload, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.sweep(now)
	x := u.files[token]
	if x == nil || !x.owned(a) {
		return upload{}, errUploadGone
	}
	return *x, nil
}

// drop removes a file.
func (u *uploads) drop(token string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.remove(token)
}

// clear removes all files and takes no more.
func (u *uploads) clear() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.closed = true
	for t := range u.files {
		u.remove(t)
	}
	if u.dir != "" {
		os.RemoveAll(u.dir)
	}
}

func (u *uploads) sweep(now time.Time) {
	for t, x := range u.files {
		if now.After(x.expires) {
			u.remove(t)
		}
	}
}

func (u *uploads) remove(token string) {
	if x := u.files[token]; x != nil {
		x.timer.Stop()
		os.Remove(x.path)
		delete(u.files, token)
	}
}

// open opens a kept file; without it, it was removed meanwhile.
func (x upload) open() (*os.File, error) {
	f, err := os.Open(x.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, errUploadGone
	}
	return f, err
}
