package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// TestStatements prepares every SQL statement of the package on both databases: those
// written out, found in the source, and those made for the twin tables.
func TestStatements(t *testing.T) {
	t.Parallel()
	statements := written(t)
	if len(statements) < 60 {
		t.Fatalf("found only %d statements in the source; the search is broken", len(statements))
	}
	for i := range twins {
		for n, s := range twins[i].statements() {
			statements[fmt.Sprintf("twin %s %d", twins[i].name, n)] = s
		}
	}
	for n, s := range mergeStatements() {
		statements[fmt.Sprintf("merge %d", n)] = s
	}
	for name, text := range map[string]string{"stagedPieces": stagedPieces(3), "insertPieces": insertPieces(3), "insertVoids": insertVoids(3),
		"upsertMastery": upsertMastery(3), "upsertWeeks": upsertWeeks(3)} {
		statements[name] = text
	}
	for _, c := range []Config{{Dir: t.TempDir(), Now: time.Now}, {URL: testSchema(t), Now: time.Now}} {
		db, err := Open(context.Background(), c)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for where, s := range statements {
			if db.dialect.bulk && strings.HasPrefix(s, "PRAGMA") || !db.dialect.bulk && (strings.HasPrefix(s, "LOCK") || strings.Contains(s, "pg_notify") || strings.Contains(s, "pg_advisory") || strings.Contains(s, "row_security_active") || strings.Contains(s, "set_config")) {
				continue
			}
			stmt, err := db.write.Prepare(s)
			if err != nil {
				t.Errorf("%s on %s: %v\n%s", where, db.dialect.name, err, s)
				continue
			}
			stmt.Close()
		}
	}
}

var sqlStart = regexp.MustCompile(`^\s*(SELECT|INSERT|UPDATE|DELETE|WITH|LOCK)\b`)

// written returns the statements in the package's source by place. Parts joined by +
// are resolved if they are constants, or calls of marks, or a name bound to one.
func written(t *testing.T) map[string]string {
	fset := token.NewFileSet()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	consts := map[string]string{}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	for range 3 { // constants made of constants
		for _, f := range files {
			ast.Inspect(f, func(n ast.Node) bool {
				if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == len(v.Names) {
					for i := range v.Names {
						if s, ok := text(v.Values[i], consts); ok {
							consts[v.Names[i].Name] = s
						}
					}
				}
				return true
			})
		}
	}
	out := map[string]string{}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			e, ok := n.(ast.Expr)
			if !ok {
				return true
			}
			if _, ok := e.(*ast.ParenExpr); ok {
				return true
			}
			s, ok := text(e, consts)
			if ok && sqlStart.MatchString(s) && strings.Contains(s, "$") && !strings.Contains(s, "%[") && !strings.Contains(s, "%s") && !strings.HasSuffix(strings.TrimSpace(s), "VALUES") && !strings.HasSuffix(s, "($95, $96)") && !strings.HasSuffix(s, ")) ") {
				out[fset.Position(e.Pos()).String()] = renumber(s)
				return false
			}
			return true
		})
	}
	return out
}

// text returns a string expression's value.
func text(e ast.Expr, consts map[string]string) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false
		}
		return constant.StringVal(constant.MakeFromLiteral(e.Value, token.STRING, 0)), true
	case *ast.Ident:
		s, ok := consts[e.Name]
		if !ok {
			switch e.Name {
			case "in":
				return "$91, $92", true
			case "table":
				return "person_intake", true
			case "with":
				return "WITH pair (student, competency) AS (VALUES ($95, $96)) ", true
			case "cond":
				return "identifier = $91", true
			case "where":
				return "district = $1 AND run = $2", true
			}
		}
		return s, ok
	case *ast.CallExpr:
		switch types.ExprString(e.Fun) {
		case "marks":
			return "$93, $94", true
		case "values.String":
			return "($95, $96)", true
		}
		return "", false
	case *ast.SelectorExpr:
		if types.ExprString(e) == "t.name" {
			return "org", true
		}
		return "", false
	case *ast.BinaryExpr:
		a, ok1 := text(e.X, consts)
		b, ok2 := text(e.Y, consts)
		return a + b, ok1 && ok2 && e.Op == token.ADD
	}
	return "", false
}

var numbered = regexp.MustCompile(`\$(\d+)`)

// renumber closes gaps in argument numbers, which stand for arguments that the program
// counts at run time: PostgreSQL wants to know the type of each.
func renumber(s string) string {
	seen := map[int]bool{}
	for _, m := range numbered.FindAllStringSubmatch(s, -1) {
		n, _ := strconv.Atoi(m[1])
		seen[n] = true
	}
	next := map[string]string{}
	for n := 1; n < 100; n++ {
		if seen[n] {
			next[strconv.Itoa(n)] = strconv.Itoa(len(next) + 1)
		}
	}
	return numbered.ReplaceAllStringFunc(s, func(m string) string { return "$" + next[m[1:]] })
}

// What is said to PostgreSQL on another machine is told to be open unless it is encrypted and the
// machine has shown who it is.
func TestAnOpenWayToTheDatabaseIsTold(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]bool{
		"postgres://w@db.example.org/w":                     true, // encrypted if the server likes
		"postgres://w@db.example.org/w?sslmode=disable":     true,
		"postgres://w@db.example.org/w?sslmode=require":     true,
		"postgres://w@db.example.org/w?sslmode=verify-full": false,
		"postgres://w@127.0.0.1,db.example.org/w":           true,
		"postgres://w@127.0.0.1/w?sslmode=disable":          false,
		"postgres://w@[::1]/w":                              false,
		"postgres:///w?host=/run/postgresql":                false,
	} {
		c, err := pgconn.ParseConfig(url)
		if err != nil {
			t.Fatal(err)
		}
		if got := mayBeRead(c); got != want {
			t.Errorf("%s: %v, want %v", url, got, want)
		}
	}
}

func testSchema(t *testing.T) string {
	server := os.Getenv("WAYMARK_TEST_POSTGRES")
	if server == "" {
		t.Fatal("WAYMARK_TEST_POSTGRES is not set; make test starts a server, or: test/postgres start DIR")
	}
	b := make([]byte, 8)
	rand.Read(b)
	schema := "s" + hex.EncodeToString(b)
	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Exec("CREATE SCHEMA " + schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		admin.Exec("DROP SCHEMA " + schema + " CASCADE")
		admin.Close()
	})
	return server + "&search_path=" + schema
}
