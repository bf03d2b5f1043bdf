// Documents as people write them for settings.Settings, right and wrong. It must not know what becomes of them.
// Left out is what machines disagree on, floats too large to become an integer, and the floats JSON has no text for.

package main

import (
	"math/rand"
	"strings"
)

// special documents are those that no random tree looks like.
var special = []string{
	"", " ", "\n", "# nothing but a comment\n", "null", "~", "---", "---\n...\n", "{}", "[]", "42", "true", "text",
	"- a\n- b\n", "a, b", "'quoted'", "!!map {a: up}", "!!str a", "--- {a: up}", "--- # first\na: up\n",
	"a: up\n---\na: down\n", "a: up\n...\n", "\ufeffa: up\n", "a: up\r\nl: [q]\r\n", "%YAML 1.2\n---\na: up\n",
	"a: |\n  first\n  second\n", "a: >-\n  folded\n  text\n", "a: |+\n  kept\n\n", "a: one\n  two\n", "l:\n- q\n- r\n",
	"l:\n  - q\n  -\n  - null\n", "? a\n: up\n", "? [a]\n: up\n", "? {a: b}\n: up\n", "\"a\": \"u\\u0070\\n\"\n", "'a': 'it''s'\n",
	"a: !!str 5\n", "i: !!int \"5\"\n", "f: !!float 3\n", "b: !!bool \"true\"\n", "a: !!binary aGVsbG8=\n", "a: !custom x\n",
	"a: !!null x\n", "a: 2024-11-05\n", "a: 2024-11-05T10:00:00Z\n", "d: 2024-11-05\n", "l: !!set {q, r}\n", "d: 1:30\n", "i: 1:30\n",
	"x: &x {value: anchored}\nn: *x\n", "x: &x {key: merged}\nn:\n  <<: *x\n  value: own\n",
	"x: &x {key: first}\ny: &y {key: second, value: two}\nn: {<<: [*x, *y]}\n", "n: &n {value: v}\nm: *n\n",
	"base: &base\n  a: merged\n  l: [m]\n<<: *base\nl: [own]\n", "l: &l [p, q]\nm: {k: v}\ndeep: {list: [{name: anchored}]}\n",
	"a: &s shared\nl: [*s, *s]\n", "item: &i {name: one, count: 1}\ndeep:\n  list:\n  - *i\n  - <<: *i\n    name: two\n",
	"n: {<<: {value: inline}}\n", "n: {<<: text}\n", "deep:\n  list:\n    - name: a\n      count: 1\n    -\n      name: b\n",
	"n.value: dotted\n", "n.value: dotted\nn: {key: nested}\n", "deep.on: false\n", "deep: {on.off: true}\n", ".: dot\n", "a.: up\n",
}

// broken documents do not parse.
var broken = []string{
	"a: [", "a: {", "a: b: c", "\ta: up", "a:\n\tb: c", "a: 'open", "a: \"open", "{", "]", "a: up\n b: true", "a: up\nb", "- a\nb: true",
	"n: *nope", "a: up\na: down", "n: {value: a, value: b}", "a: \"\\q\"", "a: @x", "a: `x`", "a: %x", "a: [x}", "a: up}\n- x",
	"<<: *x\n", "<<: 5\n", "? \n? \n", "a: &\n", "l: [q\nr: s", "a: !<x y", "&a &b c: d", "a: \x01",
}

// scalars of one type: most fit it, some do not.
type scalars struct{ right, wrong []string }

var (
	texts = scalars{
		right: []string{
			"up", "hello world", "'single ''quoted'''", `"double \"quoted\""`, `"tab\tand \u00e9"`, "grüße", "日本", "a,b", "'a, b ,c'", "','", "''",
			`""`, "x:y", "http://example.org/a?b=c#d", "a#b", "'#'", "null-ish", "'null'", "0x", "1.2.3", "'{{BotName}}'", "<a&b>", "'5'", "-5x", "5", "true", "1.50",
		},
		wrong: []string{",", "-", "- x", "*", "{{BotName}}", "a, b ,c", "[q]", "{value: v}"}, // not all of these parse
	}
	numbers = scalars{
		right: []string{
			"0", "1", "42", "-7", "+5", "0x1F", "0o17", "017", "0b101", "1_000", "2.7", "-0.5", ".5", "1.", "1e3", "2.0", "-2.9", "'12'", `"0x1F"`, `"017"`,
			"9223372036854775807", "-9223372036854775808", "true", "false",
		},
		wrong: []string{`"1_000"`, "'2.7'", "' 12 '", "9223372036854775808", "'1e3'", "12abc", "08", "''", "many"},
	}
	bools = scalars{
		right: []string{
			"true", "false", "True", "FALSE", "t", "f", "T", "F", "'true'", `"false"`, "'True'", "'t'", "1", "0", "'1'", "'0'", "2", "-1", "0.0", "0.5", "''",
		},
		wrong: []string{"tRUE", "yes", "no", "Yes", "on", "off", "y", "n", "'yes'", "' true'", "'2'"},
	}
	durations = scalars{
		right: []string{
			"5s", "1h30m", "100ms", "'250us'", "10µs", "1.5h", "-3s", "+2m", "1m0s", "0", "5", "1000", "2.5", ".5s", "'0'",
		},
		wrong: []string{"'5'", "1d", "5 s", "''", "s", "1h 30m", "true"},
	}
	nulls = []string{"null", "~", "Null", "NULL", ""}
)

// node is a piece of YAML: a scalar as it is written, a list, or a map.
type node struct {
	scalar string
	list   []node
	keys   []string // of a map, with a value each
	values []node
	kind   kind
}

type kind int

const (
	scalarNode kind = iota
	listNode
	mapNode
)

func scalar(text string) node { return node{scalar: text} }

// document draws a whole configuration.
func document(r *rand.Rand) string {
	switch {
	case chance(r, 0.12):
		return pick(r, special)
	case chance(r, 0.04):
		return pick(r, broken)
	}
	top := node{kind: mapNode}
	for _, i := range r.Perm(len(fields))[:1+r.Intn(4)] {
		f := fields[i]
		top.add(miscased(r, f.key), f.draw(r))
	}
	if chance(r, 0.1) {
		top.add(pick(r, []string{"unknown", "aa", "1", "true", "~", "''", "n.key", "[x]", "2.5"}), anything(r, 2))
	}
	if chance(r, 0.2) {
		return flow(top) + "\n"
	}
	var out strings.Builder
	if chance(r, 0.1) {
		out.WriteString("# a comment: with a colon\n")
	}
	block(r, &out, top, "")
	return out.String()
}

// fields are the keys of settings.Settings, each with what people write there: mostly of the right type.
var fields = []struct {
	key  string
	draw func(*rand.Rand) node
}{
	{"a", mostly(texts.draw)},
	{"l", mostly(func(r *rand.Rand) node { return listOf(r, texts.draw) })},
	{"n", mostly(func(r *rand.Rand) node {
		return mapOf(r, []string{"value", "key"}, mostly(texts.draw))
	})},
	{"m", mostly(func(r *rand.Rand) node {
		return mapOf(r, []string{"k1", "k2", "K1", "'k 3'", "4"}, mostly(texts.draw))
	})},
	{"d", mostly(durations.draw)},
	{"b", mostly(bools.draw)},
	{"i", mostly(numbers.draw)},
	{"f", mostly(numbers.draw)},
	{"deep", mostly(func(r *rand.Rand) node {
		out := node{kind: mapNode}
		if chance(r, 0.7) {
			out.add(miscased(r, "list"), mostly(func(r *rand.Rand) node { return listOf(r, mostly(item)) })(r))
		}
		if chance(r, 0.5) {
			out.add(miscased(r, "on"), mostly(bools.draw)(r))
		}
		return out
	})},
}

func item(r *rand.Rand) node {
	out := node{kind: mapNode}
	if chance(r, 0.8) {
		out.add(miscased(r, "name"), mostly(texts.draw)(r))
	}
	if chance(r, 0.6) {
		out.add(miscased(r, "count"), mostly(numbers.draw)(r))
	}
	return out
}

// mostly draws what is expected, else null or anything at all.
func mostly(expected func(*rand.Rand) node) func(*rand.Rand) node {
	return func(r *rand.Rand) node {
		switch {
		case chance(r, 0.88):
			return expected(r)
		case chance(r, 0.45):
			return scalar(pick(r, nulls))
		}
		return anything(r, 2)
	}
}

func (s scalars) draw(r *rand.Rand) node {
	if chance(r, 0.88) {
		return scalar(pick(r, s.right))
	}
	return scalar(pick(r, s.wrong))
}

func listOf(r *rand.Rand, draw func(*rand.Rand) node) node {
	out := node{kind: listNode}
	for n := r.Intn(4); n > 0; n-- {
		out.list = append(out.list, draw(r))
	}
	return out
}

func mapOf(r *rand.Rand, keys []string, draw func(*rand.Rand) node) node {
	out := node{kind: mapNode}
	for _, i := range r.Perm(len(keys))[:r.Intn(len(keys)+1)] {
		out.add(miscased(r, keys[i]), draw(r))
	}
	return out
}

func anything(r *rand.Rand, depth int) node {
	inner := func(r *rand.Rand) node { return anything(r, depth-1) }
	switch {
	case depth > 0 && chance(r, 0.2):
		return listOf(r, inner)
	case depth > 0 && chance(r, 0.25):
		return mapOf(r, []string{"value", "key", "name", "count", "k1", "other", "on", "7"}, inner)
	}
	return pick(r, []scalars{texts, numbers, bools, durations, {nulls, []string{"nULL"}}}).draw(r)
}

func (n *node) add(key string, value node) {
	n.keys, n.values = append(n.keys, key), append(n.values, value)
}

// miscased is the key, now and then in quotes or in letters of the wrong case.
func miscased(r *rand.Rand, key string) string {
	switch {
	case chance(r, 0.06):
		return strings.ToUpper(key)
	case chance(r, 0.03):
		return strings.ToUpper(key[:1]) + key[1:]
	case chance(r, 0.04) && !strings.HasPrefix(key, "'"):
		return `"` + key + `"`
	}
	return key
}

func flow(n node) string {
	var parts []string
	switch n.kind {
	case listNode:
		for _, v := range n.list {
			parts = append(parts, flow(v))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case mapNode:
		for i, k := range n.keys {
			parts = append(parts, k+": "+flow(n.values[i]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return n.scalar
}

// block writes a list or map in lines; whatever is in it may be in flow style.
func block(r *rand.Rand, out *strings.Builder, n node, indent string) {
	line := func(lead string, v node) {
		out.WriteString(indent + lead)
		if empty := len(v.list)+len(v.keys) == 0; empty || chance(r, 0.5) {
			out.WriteString(" " + flow(v))
			if chance(r, 0.06) {
				out.WriteString(" # why")
			}
			out.WriteString("\n")
			return
		}
		out.WriteString("\n")
		block(r, out, v, indent+pick(r, []string{"  ", "  ", "    ", " "}))
	}
	for _, v := range n.list {
		line("-", v)
	}
	for i, k := range n.keys {
		line(k+":", n.values[i])
	}
}
