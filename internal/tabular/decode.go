package tabular

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"waymark/internal/fault"
)

const maxMapping = 1 << 20 // bytes

// ParseMapping reads and checks a mapping. Its error is a [fault.Problem] that
// names the line and the key.
func ParseMapping(name string, data []byte) (Mapping, error) {
	var m Mapping
	d := decoder{file: name, lines: map[string]int{}}
	if len(data) > maxMapping {
		return m, d.problem("mapping.too_long", 0, "", "", "The mapping is longer than 1 MiB.", "Is this a mapping? Choose the YAML file.")
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	if err := dec.Decode(&doc); err == io.EOF {
		return m, d.problem("mapping.empty", 0, "", "", "The mapping is empty.", "Start with “name:”.")
	} else if err != nil {
		return m, d.syntax(err)
	}
	if err := dec.Decode(new(yaml.Node)); err != io.EOF {
		return m, d.problem("mapping.syntax", 0, "", "", "The file holds more than one document.", "Keep one mapping in a file.")
	}
	if err := d.decode(doc.Content[0], reflect.ValueOf(&m).Elem(), ""); err != nil {
		return Mapping{}, err
	}
	if err := m.check(&d); err != nil {
		return Mapping{}, err
	}
	return m, nil
}

// decoder reads YAML nodes into structs. It is stricter than the YAML package
// (no anchors, no unknown or repeated keys), names the key in its errors, and
// remembers the line of each key for the checks that follow.
type decoder struct {
	file  string
	lines map[string]int
}

func (d *decoder) problem(code string, line int, field, value, message, cure string) error {
	return fault.Problem{Code: code, File: d.file, Line: line, Field: field, Value: value, Message: message, Cure: cure, Fatal: true}
}

var (
	yamlLine   = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)
	yamlParser = regexp.MustCompile(`^did not find expected (<|node content|'-'|key|',')`)
)

func (d *decoder) syntax(err error) error {
	text := strings.ToValidUTF8(err.Error(), "") // it may hold halves of letters
	line := 1                                    // the package names no line for the first one
	if at := yamlLine.FindStringSubmatch(text); at != nil {
		text = text[len(at[0]):]
		if n, err := strconv.Atoi(at[1]); err == nil {
			line = n
		}
		// Errors of its parser, unlike those of its scanner, count lines from 0.
		if yamlParser.MatchString(text) && at[1] != "" {
			line++
		}
	}
	return d.problem("mapping.syntax", line, "", "", "This is not valid YAML: "+text+".", "Check indentation, colons and quotes near this line.")
}

func (d *decoder) decode(n *yaml.Node, v reflect.Value, path string) error {
	d.lines[path] = n.Line
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		return d.problem("mapping.anchor", n.Line, path, "", "Anchors and aliases (& and *) are not used in mappings.", "Write the value out; a text that starts with * or & needs quotes.")
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch {
	case v.Type() == reflect.TypeFor[Value]() && n.Kind == yaml.ScalarNode:
		v.Field(1).SetString(n.Value)
		return nil
	case v.Kind() == reflect.Struct:
		return d.object(n, v, path)
	case v.Kind() == reflect.Slice:
		items := n.Content
		if n.Kind != yaml.SequenceNode {
			items = []*yaml.Node{n} // one is as good as a list of one
		}
		if len(items) == 0 {
			return nil
		}
		v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
		for i, item := range items {
			if err := d.decode(item, v.Index(i), fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
		return nil
	case v.Kind() == reflect.Map:
		if n.Kind != yaml.MappingNode {
			return d.shape(n, path, "names with values")
		}
		v.Set(reflect.MakeMap(v.Type()))
		for i := 0; i < len(n.Content); i += 2 {
			key := n.Content[i]
			if key.Kind != yaml.ScalarNode {
				return d.shape(key, path, "a text")
			}
			if v.MapIndex(reflect.ValueOf(key.Value)).IsValid() {
				return d.repeated(key, path)
			}
			item := reflect.New(v.Type().Elem()).Elem()
			if err := d.decode(n.Content[i+1], item, join(path, key.Value)); err != nil {
				return err
			}
			v.SetMapIndex(reflect.ValueOf(key.Value), item)
		}
		return nil
	}
	return d.scalar(n, v, path)
}

func (d *decoder) scalar(n *yaml.Node, v reflect.Value, path string) error {
	if n.Kind != yaml.ScalarNode {
		return d.shape(n, path, "a single value")
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(n.Value)
	case reflect.Int:
		i, err := strconv.ParseInt(n.Value, 10, 32)
		if err != nil {
			return d.shape(n, path, "a whole number")
		}
		v.SetInt(i)
	case reflect.Float64:
		f, ok := number(n.Value, "", false)
		if !ok {
			return d.shape(n, path, "a number")
		}
		v.SetFloat(f)
	case reflect.Bool:
		switch n.Value {
		case "true", "yes":
			v.SetBool(true)
		case "false", "no":
		default:
			return d.shape(n, path, "true or false")
		}
	}
	return nil
}

func (d *decoder) object(n *yaml.Node, v reflect.Value, path string) error {
	if n.Kind != yaml.MappingNode {
		return d.shape(n, path, "keys with values, one on each line")
	}
	fields := map[string]int{}
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		fields[name] = i
	}
	seen := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		f, ok := fields[key.Value]
		if !ok || key.Kind != yaml.ScalarNode {
			known := make([]string, 0, len(fields))
			for name := range fields {
				known = append(known, name)
			}
			slices.Sort(known)
			return d.problem("mapping.unknown_key", key.Line, join(path, key.Value), "", "This key is not known here.",
				"Use one of: "+strings.Join(known, ", ")+".")
		}
		if seen[key.Value] {
			return d.repeated(key, path)
		}
		seen[key.Value] = true
		if value.Tag == "!!null" {
			d.lines[join(path, key.Value)] = key.Line
			continue // "time:" with nothing after it
		}
		if err := d.decode(value, v.Field(f), join(path, key.Value)); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) shape(n *yaml.Node, path, want string) error {
	value := ""
	if n.Kind == yaml.ScalarNode {
		value = n.Value
	}
	return d.problem("mapping.type", n.Line, path, value, "Here "+want+" is needed.", "See the mappings that come with the product for examples.")
}

func (d *decoder) repeated(key *yaml.Node, path string) error {
	return d.problem("mapping.repeated_key", key.Line, join(path, key.Value), "", "This key stands here twice.", "Keep one of the two.")
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// at returns the line of a key, or of the nearest one that encloses it.
func (d *decoder) at(path string) int {
	for path != "" {
		if line, ok := d.lines[path]; ok {
			return line
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return d.lines[""]
}

// refuse returns a problem with the value of a key.
func (d *decoder) refuse(path, value, message, cure string) error {
	return d.problem("mapping.invalid", d.at(path), path, value, message, cure)
}
