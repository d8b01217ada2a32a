// Package supply says what this program is made of: its modules with their licences, and which of them
// have weaknesses that are known.
package supply

import (
	"runtime/debug"
	"time"
)

// Licences are those of the modules and files that are part of the program, as SPDX names them.
var Licences = map[string]string{
	"github.com/arran4/golang-ical":       "Apache-2.0",
	"github.com/boombuler/barcode":        "MIT",
	"github.com/coreos/go-oidc/v3":        "Apache-2.0",
	"github.com/dustin/go-humanize":       "MIT",
	"github.com/fxamacker/cbor/v2":        "MIT",
	"github.com/go-jose/go-jose/v4":       "Apache-2.0",
	"github.com/go-viper/mapstructure/v2": "MIT",
	"github.com/go-webauthn/webauthn":     "BSD-3-Clause",
	"github.com/go-webauthn/x":            "BSD-3-Clause AND ISC",
	"github.com/golang-jwt/jwt/v5":        "MIT",
	"github.com/google/go-tpm":            "Apache-2.0",
	"github.com/google/uuid":              "BSD-3-Clause",
	"github.com/jackc/pgpassfile":         "MIT",
	"github.com/jackc/pgservicefile":      "MIT",
	"github.com/jackc/pgx/v5":             "MIT",
	"github.com/jackc/puddle/v2":          "MIT",
	"github.com/mattn/go-isatty":          "MIT",
	"github.com/ncruces/go-strftime":      "MIT",
	"github.com/philhofer/fwd":            "MIT",
	"github.com/pquerna/otp":              "Apache-2.0",
	"github.com/remyoudompheng/bigfft":    "BSD-3-Clause",
	"github.com/tinylib/msgp":             "MIT AND BSD-3-Clause",
	"github.com/x448/float16":             "MIT",
	"go.yaml.in/yaml/v3":                  "MIT AND Apache-2.0",
	"golang.org/x/crypto":                 "BSD-3-Clause",
	"golang.org/x/mod":                    "BSD-3-Clause",
	"golang.org/x/net":                    "BSD-3-Clause",
	"golang.org/x/oauth2":                 "BSD-3-Clause",
	"golang.org/x/sync":                   "BSD-3-Clause",
	"golang.org/x/sys":                    "BSD-3-Clause",
	"golang.org/x/telemetry":              "BSD-3-Clause",
	"golang.org/x/text":                   "BSD-3-Clause",
	"golang.org/x/tools":                  "BSD-3-Clause",
	"golang.org/x/vuln":                   "BSD-3-Clause",
	"gonum.org/v1/gonum":                  "BSD-3-Clause",
	"modernc.org/libc":                    "BSD-3-Clause",
	"modernc.org/mathutil":                "BSD-3-Clause",
	"modernc.org/memory":                  "BSD-3-Clause",
	"modernc.org/sqlite":                  "BSD-3-Clause",
	"Atkinson Hyperlegible Next (font)":   "OFL-1.1",
	"Lucide (icons)":                      "ISC",
}

// Materials is a software bill of materials (CycloneDX 1.5).
type Materials struct {
	Format     string      `json:"bomFormat"`
	Spec       string      `json:"specVersion"`
	Version    int         `json:"version"`
	Metadata   Metadata    `json:"metadata"`
	Components []Component `json:"components"`
}

type Metadata struct {
	Timestamp string    `json:"timestamp"`
	Component Component `json:"component"`
}

type Component struct {
	Type     string    `json:"type"`
	Name     string    `json:"name"`
	Version  string    `json:"version,omitempty"`
	PURL     string    `json:"purl,omitempty"`
	Licences []Licence `json:"licenses,omitempty"`
}

// Licence is what a component may be used under, or empty.
func (c Component) Licence() string {
	if len(c.Licences) == 0 {
		return ""
	}
	return c.Licences[0].Expression
}

type Licence struct {
	Expression string `json:"expression"`
}

// Bill returns what the running program is made of.
func Bill(at time.Time, version string) Materials {
	info, _ := debug.ReadBuildInfo()
	return bill(info, at, version)
}

func bill(info *debug.BuildInfo, at time.Time, version string) Materials {
	b := Materials{Format: "CycloneDX", Spec: "1.5", Version: 1, Metadata: Metadata{at.UTC().Format(time.RFC3339), Component{Type: "application", Name: "waymark", Version: version}}}
	add := func(kind, name, version, purl string) {
		c := Component{Type: kind, Name: name, Version: version, PURL: purl}
		if l := Licences[name]; l != "" {
			c.Licences = []Licence{{l}}
		}
		b.Components = append(b.Components, c)
	}
	if info != nil {
		add("platform", "Go", info.GoVersion, "")
		for _, m := range info.Deps {
			add("library", m.Path, m.Version, "pkg:golang/"+m.Path+"@"+m.Version)
		}
	}
	add("file", "Atkinson Hyperlegible Next (font)", "", "")
	add("file", "Lucide (icons)", "", "")
	return b
}
