package configuration

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/recipient"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
)

// present is what an integration has, as a document can say it.
type present struct {
	integration *ent.Integration
	pkg         crm.Package
	budgets     map[string]int
	settings    map[string]any
	mapped      map[string]string
	recipients  []recipient.Address
}

func (s *Service) present(ctx context.Context, client *ent.Client, found *ent.Integration) (present, error) {
	p := present{integration: found}
	var err error
	if p.pkg, _, err = s.Packages.Of(ctx, client, found); err != nil {
		return p, err
	}
	if p.budgets, err = budgetsOf(ctx, client, found.ID); err != nil {
		return p, err
	}
	if p.settings, err = s.Settings.Stored(ctx, client, found.ID); err != nil {
		return p, err
	}
	if p.mapped, err = s.Mappings.Mapped(ctx, client, found.ID); err != nil {
		return p, err
	}
	p.recipients, err = s.Recipients.All(ctx, client)
	return p, err
}

// Export writes the configuration of an integration as a document, which is the same
// for the same configuration. FORBIDDEN for those who may not see settings.
func (s *Service) Export(ctx context.Context, integrationID string) (string, error) {
	if p, ok := principal.From(ctx); !ok || !p.May(principal.ScopeReadSettings) {
		return "", fault.New(fault.Forbidden, "Only an admin sees the configuration.", fault.Detail("scope", string(principal.ScopeReadSettings)))
	}
	found, err := snapshot.Find(ctx, s.Store.Read(), integrationID)
	if err != nil {
		return "", err
	}
	p, err := s.present(ctx, s.Store.Read(), found)
	if err != nil {
		return "", err
	}
	return p.text()
}

// text writes the document.
func (p present) text() (string, error) {
	w := &writer{}
	w.line("# The configuration of an integration with %s (%s), as Fieldwarden has it.", p.integration.Connector, p.integration.Environment)
	w.line("# importConfiguration takes it, at this integration or another one of the connector.")
	w.line("# A line that is left out leaves what it is about as it is. There is no secret in here.")
	w.line("%s: %d", keyVersion, version)
	w.line("%s: %s", keyConnector, w.scalar(p.integration.Connector))
	w.line("%s: %s", keyEnvironment, p.integration.Environment)
	w.line("\n# When the daily run starts, by the clocks of the zone.\n%s:", keySchedule)
	w.line("  %s: %s", keyTime, w.quoted(p.integration.ScheduleTime))
	w.line("  %s: %s", keyZone, w.scalar(p.integration.ScheduleZone))
	w.line("\n# The share of the CRM's own quota, used by anybody, at which runs stop.")
	w.line("%s: %d", keyQuotaShare, p.integration.QuotaPercent)
	p.writeBudgets(w)
	p.writeSettings(w)
	p.writeMappings(w)
	p.writeRecipients(w)
	return w.text.String(), w.err
}

func (p present) writeBudgets(w *writer) {
	w.line("\n# Calls in one local day, by API of the CRM; null takes a limit away.")
	w.section(keyBudgets, "{}", len(p.budgets))
	for _, api := range slices.Sorted(maps.Keys(p.budgets)) {
		w.line("  %s: %d", w.scalar(api), p.budgets[api])
	}
}

func (p present) writeSettings(w *writer) {
	w.line("\n# What is decided of the settings. A decision can be changed, not taken back.")
	var lines []string
	decided := 0
	for _, definition := range crm.SettingDefinitions() {
		value := w.settingValue(definition, p.settings[definition.Key])
		if value == "" {
			lines = append(lines, fmt.Sprintf("  # %s: undecided (%s)", definition.Key, definition.Title))
			continue
		}
		lines = append(lines, "  # "+definition.Title, fmt.Sprintf("  %s: %s", definition.Key, value))
		decided++
	}
	w.section(keySettings, "{}", decided)
	w.line("%s", strings.Join(lines, "\n"))
}

// settingValue writes a decided value; empty when there is none of the setting's type.
func (w *writer) settingValue(definition crm.SettingDefinition, value any) string {
	switch value := value.(type) {
	case bool:
		if definition.Type == crm.SettingBoolean {
			return fmt.Sprint(value)
		}
	case string:
		if definition.Type == crm.SettingEnum && value != "" {
			return w.scalar(value)
		}
	}
	return ""
}

func (p present) writeMappings(w *writer) {
	w.line("\n# Which CRM field stands for which standard field of the package; null takes a mapping away.")
	var lines []string
	mapped := 0
	for _, object := range p.pkg.Objects {
		lines = append(lines, fmt.Sprintf("  # Of %s:", object.Name))
		for _, field := range object.Fields {
			if name := p.mapped[field.Key]; name != "" {
				lines = append(lines, fmt.Sprintf("  %s: %s", field.Key, w.scalar(name)))
				mapped++
			} else {
				lines = append(lines, fmt.Sprintf("  # %s: not mapped", field.Key))
			}
		}
	}
	w.section(keyMappings, "{}", mapped)
	w.line("%s", strings.Join(lines, "\n"))
}

func (p present) writeRecipients(w *writer) {
	w.line("\n# Whom system notifications go to, the whole list: who is not in it is removed.")
	w.line("# They are the workspace's: all its integrations share them.")
	w.section(keyRecipients, "[]", len(p.recipients))
	for _, one := range p.recipients {
		w.line("  - %s: %s\n    %s: %s", keyAddress, w.scalar(one.Address), keyClass, one.Class)
	}
}

// writer writes YAML.
type writer struct {
	text strings.Builder
	err  error
}

func (w *writer) line(format string, args ...any) {
	fmt.Fprintf(&w.text, format+"\n", args...)
}

// section opens a block, or writes what stands for an empty one.
func (w *writer) section(key, empty string, n int) {
	if n == 0 {
		w.line("%s: %s", key, empty)
		return
	}
	w.line("%s:", key)
}

// scalar writes a text so that it is read as the same text: plain where nobody could
// take it for something else, else in quotes.
func (w *writer) scalar(text string) string {
	plain := regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./@+-]*$`)
	words := []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"}
	if plain.MatchString(text) && !slices.Contains(words, strings.ToLower(text)) {
		return text
	}
	return w.quoted(text)
}

// quoted writes a text in double quotes. A JSON string is a YAML one.
func (w *writer) quoted(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		w.err = fmt.Errorf("configuration: writing a text: %w", err)
	}
	return string(quoted)
}
