// Messages of every shape. It must not know JSON: that is for encoding/json.

package main

import (
	"encoding/json"
	"math/rand"
	"strings"
	"time"

	"github.com/kubeshop/botkube/pkg/api"
)

const randomMessages = 200

type messageVector struct {
	JSON string `json:"json"`
}

// fragments make up texts. Backspace and form feed are left out, whose escapes changed with Go 1.22, and so are
// bytes that are not UTF-8, which do not survive being read again.
var fragments = []string{
	"kubectl", "get pods", " ", "  ", "<b>", "&", "&amp;", ">", "\"", "'", "\\", "/", "\n", "\r\n", "\t", "\x00", "\x1f", "\x7f", "\u0085", "\u2028",
	"\u2029", "\ufeff", "\ufffd", "é", "ß", "日本", "🚀", "👩‍💻", "e\u0301", "%d", "%%", "`", "{{BotName}}", "{", "}", "null", "0",
}

// drawer draws messages in which each optional part is there with the same probability.
type drawer struct {
	*rand.Rand
	density float64
}

func messageVectors(r *rand.Rand) ([]any, error) {
	var out []any
	for i := 0; i < randomMessages; i++ {
		d := drawer{r, r.Float64()}
		switch i {
		case 0:
			d.density = 0 // the message of nothing
		case 1:
			d.density = 1 // and one of everything
		}
		raw, err := json.Marshal(d.message())
		if err != nil {
			return nil, err
		}
		out = append(out, messageVector{string(raw)})
	}
	return out, nil
}

func (d drawer) has() bool { return chance(d.Rand, d.density) }

func (d drawer) text() string {
	if !d.has() {
		return ""
	}
	var out strings.Builder
	for n := 1 + d.Intn(5); n > 0; n-- {
		out.WriteString(pick(d.Rand, fragments))
	}
	return out.String()
}

func some[T any](d drawer, draw func() T) []T {
	if !d.has() {
		return nil
	}
	out := make([]T, 0)
	for n := d.Intn(4); n > 0 || (d.density == 1 && len(out) == 0); n-- {
		out = append(out, draw())
	}
	return out
}

func one[T ~string](d drawer, of ...T) T {
	if !d.has() {
		return ""
	}
	return pick(d.Rand, of)
}

func (d drawer) message() api.Message {
	return api.Message{
		Type: one(d, api.BasicCardWithButtonsInSeparateMsg, api.BaseBodyWithFilterMessage, api.NonInteractiveSingleSection,
			api.PopupMessage, api.ThreadMessage, api.SkipMessage, "something new"),
		BaseBody:          d.body(),
		Timestamp:         d.timestamp(),
		Sections:          some(d, d.section),
		PlaintextInputs:   some(d, d.input),
		OnlyVisibleForYou: d.has(),
		ReplaceOriginal:   d.has(),
		UserHandle:        d.text(),
		ParentActivityID:  d.text(),
	}
}

func (d drawer) timestamp() time.Time {
	if !d.has() {
		return time.Time{}
	}
	unit := pick(d.Rand, []int{1, 1_000, 1_000_000, 10_000_000, 500_000_000, 1_000_000_000})
	nanos := d.Intn(1_000_000_000) / unit * unit
	minutes := pick(d.Rand, []int{0, 0, 60, -60, 330, 345, -210, 840, -720, -1, 1439})
	return time.Date(pick(d.Rand, []int{1, 1969, 1970, 2000, 2024, 2038, 9999}), time.Month(1+d.Intn(12)), 1+d.Intn(31),
		d.Intn(24), d.Intn(60), d.Intn(60), nanos, time.FixedZone("", minutes*60))
}

func (d drawer) body() api.Body { return api.Body{CodeBlock: d.text(), Plaintext: d.text()} }

func (d drawer) section() api.Section {
	return api.Section{
		Style:   api.SectionStyle{Divider: one(d, api.DividerStyleTopNone)},
		Base:    api.Base{Header: d.text(), Description: d.text(), Body: d.body()},
		Buttons: some(d, d.button),
		MultiSelect: api.MultiSelect{
			Name:           d.text(),
			Description:    d.body(),
			Command:        d.text(),
			Options:        some(d, d.option),
			InitialOptions: some(d, d.option),
		},
		Selects:         api.Selects{ID: d.text(), Items: some(d, d.choice)},
		PlaintextInputs: some(d, d.input),
		TextFields:      some(d, func() api.TextField { return api.TextField{Key: d.text(), Value: d.text()} }),
		BulletLists:     some(d, func() api.BulletList { return api.BulletList{Title: d.text(), Items: some(d, d.text)} }),
		Context:         some(d, func() api.ContextItem { return api.ContextItem{Text: d.text()} }),
	}
}

func (d drawer) button() api.Button {
	return api.Button{
		Description: d.text(),
		DescriptionStyle: one(d, api.ButtonDescriptionStyleBold, api.ButtonDescriptionStyleItalic,
			api.ButtonDescriptionStyleText, api.ButtonDescriptionStyleCode),
		Name:    d.text(),
		Command: d.text(),
		URL:     d.text(),
		Style:   one(d, api.ButtonStylePrimary, api.ButtonStyleDanger),
	}
}

func (d drawer) choice() api.Select {
	out := api.Select{
		Type:    one(d, api.StaticSelect, api.ExternalSelect),
		Name:    d.text(),
		Command: d.text(),
		OptionGroups: some(d, func() api.OptionGroup {
			return api.OptionGroup{Name: d.text(), Options: some(d, d.option)}
		}),
	}
	if d.has() {
		initial := d.option()
		out.InitialOption = &initial
	}
	return out
}

func (d drawer) option() api.OptionItem { return api.OptionItem{Name: d.text(), Value: d.text()} }

func (d drawer) input() api.LabelInput {
	return api.LabelInput{
		Command:          d.text(),
		Text:             d.text(),
		Placeholder:      d.text(),
		DispatchedAction: one(d, api.DispatchInputActionOnEnter, api.DispatchInputActionOnCharacter),
	}
}
