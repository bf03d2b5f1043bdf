// Buttons of the SDK's builder. It must not know what a button looks like.

package main

import (
	"encoding/json"
	"math/rand"

	"github.com/kubeshop/botkube/pkg/api"
)

type buttonVector struct {
	Helper string   `json:"helper"`
	Args   []string `json:"args"` // in the order of the Go helper, a style last where one was given
	JSON   string   `json:"json"`
}

type style = api.ButtonStyle

var builder = api.NewMessageButtonBuilder()

// buttonHelpers are those of the SDK's builder; each takes the number of texts given.
var buttonHelpers = []struct {
	name  string
	texts int
	make  func(t []string, s ...style) api.Button
}{
	{"ForCommandWithDescCmd", 2, func(t []string, s ...style) api.Button { return builder.ForCommandWithDescCmd(t[0], t[1], s...) }},
	{"ForCommand", 3, func(t []string, s ...style) api.Button { return builder.ForCommand(t[0], t[1], t[2], s...) }},
	{"ForCommandWithBoldDesc", 3, func(t []string, s ...style) api.Button { return builder.ForCommandWithBoldDesc(t[0], t[1], t[2], s...) }},
	{"ForCommandWithItalicDesc", 3, func(t []string, s ...style) api.Button {
		return builder.ForCommandWithItalicDesc(t[0], t[1], t[2], s...)
	}},
	{"ForCommandWithoutDesc", 2, func(t []string, s ...style) api.Button { return builder.ForCommandWithoutDesc(t[0], t[1], s...) }},
	{"DescriptionURL", 3, func(t []string, s ...style) api.Button { return builder.DescriptionURL(t[0], t[1], t[2], s...) }},
	{"ForURL", 2, func(t []string, s ...style) api.Button { return builder.ForURL(t[0], t[1], s...) }},
	{"ForURLWithBoldDesc", 3, func(t []string, s ...style) api.Button { return builder.ForURLWithBoldDesc(t[0], t[1], t[2], s...) }},
	{"ForURLWithTextDesc", 3, func(t []string, s ...style) api.Button { return builder.ForURLWithTextDesc(t[0], t[1], t[2], s...) }},
}

func buttonVectors(*rand.Rand) ([]any, error) {
	var out []any
	for _, h := range buttonHelpers {
		for _, texts := range [][]string{{"first", "second", "third"}, {"", "", ""}, {"a <b> & c", "say \"hé\"", "https://example.org/?a=b&c=d"}} {
			for _, styles := range [][]style{nil, {api.ButtonStyleDefault}, {api.ButtonStylePrimary}, {api.ButtonStyleDanger}} {
				args := append([]string{}, texts[:h.texts]...)
				raw, err := json.Marshal(h.make(args, styles...))
				if err != nil {
					return nil, err
				}
				for _, s := range styles {
					args = append(args, string(s))
				}
				out = append(out, buttonVector{h.name, args, string(raw)})
			}
		}
	}
	return out, nil
}
