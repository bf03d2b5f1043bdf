// Command lines split into words. It must not know the rules of splitting.

package main

import (
	"math/rand"
	"strings"

	"github.com/mattn/go-shellwords"
)

const randomWords = 260

// wordVector has words or an error.
type wordVector struct {
	Input string   `json:"input"`
	Words []string `json:"words"`
	Error *string  `json:"error"`
}

// commandLines are those of the contract (contract-plugins A.3), and some at the edge of its rules.
var commandLines = []string{
	`a 'x y' "q w" e\ f`, "a `b c` d", "a $(b c) d", `a "x\"y" 'p\q'`, `a "x\ny"`, `a ""  b`, `a=b"c d"e`, "$HOME ~ *",
	"kubectl get po | grep x", "a && b", "a;b", "a>b", "a 2>err b", "a (b) c", "a ) b", `a "x`, "it's", `a\`, `a "(b)" c`,
	"", " ", "\t\n", "a\tb\nc\r\nd", "''", `""`, `''""`, `\`, `\\`, `a\"b`, `'a'\''b'`, `"$(x y)"`, "'$(x y)'", "$(a $(b c) d)", "$(a", "$()", "$", "$ (a)",
	"`", "`a", "``", "`a\\`b`", "`$(a)`", "$(`a`)", "a<b", "a 12>b", "a 1x>b", "a2>b", "1>b", "> b", "a & b", "a |", ";", "a # b", "a\\\nb", "'a\nb'",
	"grüße 'ä ö' 日本\\ 語", "a\u00a0b", "a\u3000b", "--flag=\"x y\" -n 'ns 1'", `echo "a 'b' c"`, `echo 'a "b" c'`, `"a\\b"`, `"\$x"`, "\"`x`\"",
}

var wordPieces = []string{
	"a", "b1", "22", "kubectl", "--flag", "-n", "=", " ", " ", " ", "  ", "\t", "\n", "'", "'", `"`, `"`, `\`, "`", "$", "(", ")", "$(", ";", "&", "|", "<", ">",
	"'x y'", `"x y"`, `\ `, `\"`, "~", "*", "é", "#", "{}", "''", `""`, "$HOME", "`b c`", "$(b c)",
}

func wordVectors(r *rand.Rand) ([]any, error) {
	var out []any
	for _, line := range commandLines {
		out = append(out, split(line))
	}
	for i := 0; i < randomWords; i++ {
		var line strings.Builder
		for n := 1 + r.Intn(9); n > 0; n-- {
			line.WriteString(pick(r, wordPieces))
		}
		out = append(out, split(line.String()))
	}
	return out, nil
}

func split(line string) wordVector {
	p := shellwords.NewParser()
	p.ParseEnv, p.ParseBacktick = false, false
	words, err := p.Parse(line)
	if err != nil {
		text := err.Error()
		return wordVector{Input: line, Error: &text}
	}
	return wordVector{Input: line, Words: append([]string{}, words...)}
}
