// Package settings holds the configuration that merging is tried on, with the defaults it starts from.
// It must not know how merging works: that is for the SDK to show.
package settings

import "time"

// Settings has one field of every kind that official plugins configure.
// The json names are those of the yaml tags, so a merged value can be shown under the names it was written with.
type Settings struct {
	A    string            `yaml:"a" json:"a"`
	L    []string          `yaml:"l" json:"l"`
	N    Nested            `yaml:"n" json:"n"`
	M    map[string]string `yaml:"m" json:"m"`
	D    time.Duration     `yaml:"d" json:"d"` // nanoseconds in JSON
	B    bool              `yaml:"b" json:"b"`
	I    int               `yaml:"i" json:"i"`
	F    float64           `yaml:"f" json:"f"`
	Deep Deep              `yaml:"deep" json:"deep"`
}

// Nested is a structure in a structure.
type Nested struct {
	Value string `yaml:"value" json:"value"`
	Key   string `yaml:"key" json:"key"`
}

// Deep holds a list of structures.
type Deep struct {
	List []Item `yaml:"list" json:"list"`
	On   bool   `yaml:"on" json:"on"`
}

// Item is an entry of Deep.
type Item struct {
	Name  string `yaml:"name" json:"name"`
	Count int    `yaml:"count" json:"count"`
}

// Defaults is what every key has before a user says otherwise.
func Defaults() Settings {
	return Settings{
		A:    "da",
		L:    []string{"x", "y", "z"},
		N:    Nested{Value: "dv", Key: "dk"},
		M:    map[string]string{"k1": "v1"},
		D:    time.Minute,
		B:    true,
		I:    3,
		F:    1.5,
		Deep: Deep{List: []Item{{Name: "x", Count: 1}}, On: true},
	}
}
