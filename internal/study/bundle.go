package study

import (
	"archive/zip"
	"fmt"
	"io"
	"time"
)

// Names of what is in a bundle.
const (
	specFile    = "study.json"
	extractFile = "extract.csv"
	resultFile  = "result.json"
)

// WriteBundle writes a declaration, its extract and, where there is one, its result into one file
// from which a study can be run again. The same parts and time give the same bytes.
func WriteBundle(w io.Writer, spec, extract, result []byte, at time.Time) error {
	z := zip.NewWriter(w)
	for _, part := range []struct {
		name string
		text []byte
	}{{specFile, spec}, {extractFile, extract}, {resultFile, result}} {
		if part.text == nil {
			continue
		}
		f, err := z.CreateHeader(&zip.FileHeader{Name: part.name, Method: zip.Deflate, Modified: at.UTC()})
		if err == nil {
			_, err = f.Write(part.text)
		}
		if err != nil {
			return err
		}
	}
	return z.Close()
}

const largestPart = 256 << 20 // bytes of a file in a bundle, which is held in memory

// ReadBundle reads the declaration and the extract of a bundle. Its errors are parts of a
// sentence that begins with the bundle's name.
func ReadBundle(r io.ReaderAt, size int64) (spec, extract []byte, err error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, nil, fmt.Errorf("is no bundle")
	}
	read := func(name string) ([]byte, error) {
		f, err := z.Open(name)
		if err != nil {
			return nil, fmt.Errorf("has no %s in it", name)
		}
		defer f.Close()
		b, err := io.ReadAll(io.LimitReader(f, largestPart+1))
		if err == nil && len(b) > largestPart {
			err = fmt.Errorf("holds a %s of more than %d bytes", name, largestPart)
		}
		return b, err
	}
	if spec, err = read(specFile); err != nil {
		return nil, nil, err
	}
	extract, err = read(extractFile)
	return spec, extract, err
}
