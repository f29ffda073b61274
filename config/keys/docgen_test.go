package keys

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// keyDoc is what keys.yml says of a key.
type keyDoc struct{ From, Default, Doc string }

var keyDocs = sync.OnceValue(func() map[Section]map[string]keyDoc {
	text, err := os.ReadFile("keys.yml")
	if err != nil {
		panic(err)
	}
	var docs map[Section]map[string]keyDoc
	if err := yaml.Unmarshal(text, &docs); err != nil {
		panic(err)
	}
	return docs
})

func (k Key) docs() keyDoc { return keyDocs()[k.Section][k.Name] }

// referenceMarkdown renders the reference of kitchen.yml, docs/kitchen-yml.md, from the table of keys.
func referenceMarkdown() string {
	var b strings.Builder
	b.WriteString(docIntro)
	for _, s := range sections() {
		t := docTitle(s)
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", t.title, t.text)
		for _, g := range docGroups(s) {
			if g.title != "" {
				fmt.Fprintf(&b, "\n### %s\n", g.title)
			}
			docTable(&b, g.keys)
		}
		docInert(&b, s)
	}
	b.WriteString(docForms)
	return b.String()
}

const docIntro = `# kitchen.yml

<!-- Made from the table of keys in config/keys/: do not edit. Renew it with
     go test ./config/keys -run TestReference -update -->

galley reads the ` + "`kitchen.yml`" + ` of Test Kitchen. This page lists every key that it knows. A JSON Schema for editors is in
[kitchen.schema.json](kitchen.schema.json); with the YAML language server, write at the top of the file:

` + "```yaml" + `
# yaml-language-server: $schema=https://raw.githubusercontent.com/galley-kitchen/galley/main/docs/kitchen.schema.json
` + "```" + `

Files are merged in this order, later ones win: ` +
	"`~/.kitchen/config.yml`, `kitchen.yml` (or `.kitchen.yml`), `kitchen.local.yml`" + `.
Within them: defaults, then the root's block, the platform's, and the suite's. Hashes are merged; lists and everything
else are replaced. An unknown key is a warning, a value of the wrong type an error, both with the place in the file.
` + "`galley diagnose`" + ` prints what an instance's keys came to. The column From names the project that a key comes from; those of
galley are not known to Test Kitchen.
`

// docText is the heading of a section and what stands below it.
type docText struct{ title, text string }

func docTitle(s Section) docText {
	switch s {
	case SectionRoot:
		return docText{"Root", "The keys at the left margin."}
	case SectionPlatform:
		return docText{"platforms", "Each entry is a platform. What it says of a plugin overrules the root."}
	case SectionSuite:
		return docText{"suites", "Each entry is a suite; suite and platform together make an instance. What a suite says of a plugin overrules platform and root."}
	case SectionNode:
		return docText{"nodes", "Each entry is a machine of a suite that has several, by the name that the others find it by. Its instance is called `SUITE-PLATFORM/NODE`. See [nodes.md](nodes.md)."}
	case SectionDriver:
		return docText{"driver", "What the runner, the container under test, is like."}
	case SectionProvisioner:
		return docText{"provisioner", "How the runner is brought to its desired state."}
	case SectionVerifier:
		return docText{"verifier", "How the runner is tested."}
	case SectionTransport:
		return docText{"transport", "galley reaches every runner through its engine: no transport needs setting up."}
	case SectionLifecycle:
		return docText{"lifecycle", "Commands around the phases. Those of root, platform and suite are joined. Each is a shell command for the client, or a hash."}
	case SectionPublish:
		return docText{"publish", "What `galley publish` and `galley package` make of a runner. What is not set is as in the image that the runner was made from; keys of the driver, such as `driver.env`, are for the test alone."}
	case SectionCompare:
		return docText{"compare", "What `galley compare` and `galley test --compare` leave out besides [what galley knows](commands.md#two-machines)."}
	case SectionStep:
		return docText{"steps", "Each entry is a step of a suite: `converge` does them in their order and tests after each, such as after an upgrade. A step does what it has in this order: `reboot`, faults and `commands` as they stand, the converge, the tests. One that has `provisioner`, `run_list` or `attributes`, or nothing else to do, converges. All steps have the runner, and so the tools, of the suite."}
	case SectionNetwork:
		return docText{"networks", "Networks of the instance's own, each by its name; see [networks](how-it-works.md#networks). The runner is on all of them besides its own, services on those that they name, and nodes of a suite on all or on those that they name."}
	case SectionFault:
		return docText{"network", "What `network:` of a hook or a step makes of the runner's network; see [faults](how-it-works.md#faults)."}
	case SectionService:
		return docText{"services", "Containers beside the runner, each by the name that it is found by. They are on a network of the instance's own, which the runner is on besides its own, and live and die with the runner."}
	case SectionReady:
		return docText{"ready", "When a service, or the runner, is ready. All that is set has to hold. One that ends before, or takes too long, fails `create` with the last lines that it printed."}
	default:
		return docText{"Hooks", "The keys of a hook that is a hash; it has `local`, `remote` or one of the faults: `network`, `heal`, `pause`, `kill`, `restart`."}
	}
}

// docGroup is a table of keys with a heading.
type docGroup struct {
	title string
	keys  []Key
}

// docGroups are a section's keys that have an effect: those of all kinds first, and then those of each kind.
func docGroups(s Section) []docGroup {
	var groups []docGroup
	for _, k := range theSchema().keys {
		if k.Section != s || k.Inert != "" {
			continue
		}
		title := strings.Join(k.For, ", ")
		i := slices.IndexFunc(groups, func(g docGroup) bool { return g.title == title })
		if i < 0 {
			groups = append(groups, docGroup{title: title})
			i = len(groups) - 1
		}
		groups[i].keys = append(groups[i].keys, k)
	}
	return groups
}

func docTable(b *strings.Builder, keys []Key) {
	sorted := slices.Clone(keys)
	slices.SortStableFunc(sorted, func(a, b Key) int {
		// The name comes first: it decides what the others mean.
		if (a.Name == "name") != (b.Name == "name") {
			if a.Name == "name" {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	b.WriteString("\n| Key | Type | Default | Meaning | From |\n|---|---|---|---|---|\n")
	for _, k := range sorted {
		name := "`" + k.Name + "`"
		for _, a := range k.Aliases {
			name += ", `" + a + "`"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", name, k.docType(), k.docDefault(), docCell(k.docMeaning()),
			k.docs().From)
	}
}

func (k Key) docType() string {
	if len(k.Enum) > 0 {
		return "`" + strings.Join(k.Enum, "`, `") + "`"
	}
	return string(k.Type)
}

func (k Key) docDefault() string {
	if k.docs().Default != "" {
		return docCell(k.docs().Default)
	}
	switch v := k.Default.(type) {
	case nil:
		return ""
	case []any:
		words := make([]string, len(v))
		for i, it := range v {
			words[i] = fmt.Sprint(it)
		}
		return "`" + docCell(strings.Join(words, " ")) + "`"
	case string:
		if strings.TrimSpace(v) != v {
			return fmt.Sprintf("`%q`", v)
		}
		return "`" + v + "`"
	default:
		if v == int64(0) || v == float64(0) {
			return ""
		}
		return fmt.Sprintf("`%v`", v)
	}
}

func (k Key) docMeaning() string {
	if k.Deprecated != "" {
		return "Old; write `" + k.Deprecated + "`. " + k.docs().Doc
	}
	return k.docs().Doc
}

// docCell escapes what would end a cell.
func docCell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }

// docInert lists the keys that are accepted without effect.
func docInert(b *strings.Builder, s Section) {
	var inert []Key
	for _, k := range theSchema().keys {
		if k.Section == s && k.Inert != "" {
			inert = append(inert, k)
		}
	}
	if len(inert) == 0 {
		return
	}
	slices.SortStableFunc(inert, func(a, b Key) int { return strings.Compare(a.Name, b.Name) })
	b.WriteString("\nAccepted, without effect:\n\n| Key | Why |\n|---|---|\n")
	for _, k := range inert {
		fmt.Fprintf(b, "| `%s` | %s |\n", k.Name, docCell(k.Inert))
	}
}

const docForms = `
## Forms of values

Single values stand for lists of one. Numbers may be written where texts are wanted: ` + "`chef_version: 16.10`" +
	` is version 16.10.

| Type | Forms |
|---|---|
| size | bytes, or a number with ` + "`k`, `m`, `g` or `t`" + `: ` + "`512m`, `1.5g`" + ` |
| seconds | a number, or a text such as ` + "`90s` or `5m`" + ` |
| path | absolute, relative to the project, or beginning with ` + "`~`" + ` |
| command | a list of words, or a text that is split as a shell splits it (no variables, pipes or globs) |
| environment | ` + "`{NAME: value}`, `[\"NAME=value\"]`" + `, or ` + "`NAME`" + ` alone for the client's own value |
| ports | ` + "`80`, `\"8080:80\"`, `\"127.0.0.1:8080:80/udp\"`, `\"[::1]:8080:80\"`, `\"8000-8002:9000-9002\"`" +
	`; ` + "`{target: 80, published: 8080}`; `{\"80/tcp\": [{HostPort: 8080}]}`" + ` |
| volumes | ` + "`/data`" + ` (anonymous), ` + "`name:/data`, `./dir:/data:ro`, `C:\\dir:/data`" + `; ` +
	"`{type: bind, source: ./dir, target: /data, read_only: true}`; `{./dir: /data}`" + ` |
| tmpfs | ` + "`/run`, `/run:exec,size=64m`, `{/run: \"exec\"}`" + ` |
| devices | ` + "`/dev/fuse`, `/dev/a:/dev/b`, `/dev/a:/dev/b:rwm`" + ` |
| ulimits | ` + "`{nofile: 1024}`, `{nofile: {soft: 1024, hard: 2048}}`, `[\"nofile=1024:2048\"]`" + ` |
| hosts | ` + "`[\"db:10.0.0.2\"]`, `{db: 10.0.0.2}`, `[\"host.docker.internal:host-gateway\"]`" + ` |
`
