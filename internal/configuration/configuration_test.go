package configuration_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/ent/auditentry"
	"github.com/fieldwarden/fieldwarden/ent/feedentry"
	"github.com/fieldwarden/fieldwarden/internal/configuration"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

const whole = head + `environment: SANDBOX
schedule: {time: "03:30", zone: Europe/Berlin}
quotaSharePercent: 60
apiBudgets: {rest: 1000, bulk: null}
settings:
  dataSync: true
  contacts.create: false
mappings:
  contact.email: Email
  contact.phone: "42"
recipients:
  - {address: Ann@Example.com, class: EXTERNAL}
  - address: vendor@example.com
    class: INTERNAL
`

func TestImport(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		id := f.connect("salesforce", crm.Production)
		want := []string{
			"SCHEDULE schedule: The daily run starts at 03:30 (Europe/Berlin).",
			"BUDGET budget: Runs stop at 60 % of the CRM's own quota.",
			"BUDGET budget: Runs make at most 1000 calls to the API rest in a day.",
			`SETTING dataSync: "` + title(crm.SettingDataSync) + `" is switched on.`,
			`SETTING contacts.create: "Create contacts" is switched off.`,
			"MAPPING contact.email: Contact.Email stands for contact.email.",
			"MAPPING contact.phone: Contact.42 stands for contact.phone.",
			"RECIPIENT ann@example.com: ann@example.com is told, as EXTERNAL.",
			"RECIPIENT vendor@example.com: vendor@example.com is told, as INTERNAL.",
		}
		before := f.export(id)
		planned, err := f.read(id, whole, dryRun)
		require.NoError(t, err)
		require.False(t, planned.Applied)
		require.Equal(t, want, effects(planned.Plan))
		require.Equal(t, before, f.export(id), "a dry run changes nothing")
		require.Zero(t, s.Read().AuditEntry.Query().CountX(f.ctx))
		require.Zero(t, s.Read().FeedEntry.Query().CountX(f.ctx))

		in := configuration.ImportInput{IntegrationID: id, Document: whole, IdempotencyKey: "once"}
		done, err := f.service.Import(f.ctx, in)
		require.NoError(t, err)
		require.True(t, done.Applied)
		require.Equal(t, want, effects(done.Plan))
		again, err := f.service.Import(f.ctx, in)
		require.NoError(t, err)
		require.Equal(t, effects(done.Plan), effects(again.Plan), "the same key again gives the same answer")
		require.Equal(t, 1, s.Read().AuditEntry.Query().Where(auditentry.Action("importConfiguration")).CountX(f.ctx))
		require.Equal(t, 1, s.Read().FeedEntry.Query().Where(feedentry.Kind("settings")).CountX(f.ctx))
		require.Equal(t, 2, s.Read().AuditEntry.Query().Where(auditentry.Action("mapField")).CountX(f.ctx))
		row := s.Read().Integration.GetX(f.ctx, id)
		require.Equal(t, []any{"03:30", "Europe/Berlin", 60, 2}, []any{row.ScheduleTime, row.ScheduleZone, row.QuotaPercent, row.SettingsVersion})

		require.Empty(t, f.must(id, whole).Plan, "it is so already")
		require.Empty(t, f.must(id, head).Plan, "what is left out stays")
	})
}

func title(key string) string {
	definition, _ := crm.FindSetting(key)
	return definition.Title
}

func TestExportIsWhatAnAdminCanRead(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		id := f.connect("salesforce", crm.Sandbox)
		f.must(id, whole)
		text := f.export(id)
		require.Equal(t, text, f.export(id))
		for _, line := range []string{
			"version: 1", "connector: salesforce", "environment: SANDBOX", `  time: "03:30"`, "  zone: Europe/Berlin", "quotaSharePercent: 60",
			"  rest: 1000", "  dataSync: true", "  contacts.create: false", "  # restrictedDataMode: undecided (" + title(crm.SettingRestrictedDataMode) + ")",
			"  # Of Contact:", "  contact.email: Email", `  contact.phone: "42"`, "  # contact.title: not mapped",
			"  - address: ann@example.com\n    class: EXTERNAL",
		} {
			require.Contains(t, text+"\n", line+"\n")
		}
	})
}

// TestReadingWhatWasWrittenChangesNothing is the invariant of the package.
func TestReadingWhatWasWrittenChangesNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		source, target := f.connect("salesforce", crm.Sandbox), f.connect("salesforce", crm.Production)
		f.must(source, head+"recipients: [{address: first@example.com, class: EXTERNAL}]\n")
		applied := 0
		for seed := range 25 {
			document := rapid.Custom(drawDocument).Example(seed)
			if _, err := f.read(source, document, confirm); err != nil {
				continue // settings whose parent is off, say
			}
			applied++
			written := f.export(source)
			again, err := f.read(source, written)
			require.NoError(t, err, written)
			require.Empty(t, again.Plan, written)
			require.Equal(t, written, f.export(source))
			// At another integration it says the same, and is then there too.
			if _, err := f.read(target, written, confirm); err == nil {
				again, err := f.read(target, written)
				require.NoError(t, err, written)
				require.Empty(t, again.Plan, written)
			}
		}
		require.Greater(t, applied, 5)
	})
}

// drawDocument draws a document most of which can be applied.
func drawDocument(t *rapid.T) string {
	var b strings.Builder
	b.WriteString(head)
	fmt.Fprintf(&b, "schedule: {time: \"%02d:%02d\", zone: %s}\n", rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute"),
		rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "America/New_York", "Etc/GMT+5"}).Draw(t, "zone"))
	fmt.Fprintf(&b, "quotaSharePercent: %d\napiBudgets:\n", rapid.IntRange(1, 100).Draw(t, "share"))
	for _, api := range []string{"rest", "bulk"} {
		fmt.Fprintf(&b, "  %s: %s\n", api, rapid.SampledFrom([]string{"null", "1", "250000"}).Draw(t, api))
	}
	b.WriteString("settings:\n")
	for _, key := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{
		crm.SettingDataSync, crm.SettingContactsCreate, crm.SettingContactsCreateBulk, crm.SettingContactsEmailRequired, crm.SettingAutoSave,
	}), rapid.ID[string]).Draw(t, "settings") {
		fmt.Fprintf(&b, "  %s: %v\n", key, rapid.Bool().Draw(t, key))
	}
	if rapid.Bool().Draw(t, "stage") {
		fmt.Fprintf(&b, "  %s: %s\n", crm.SettingPipelineEntryStage, rapid.SampledFrom([]string{"Won", `"no"`, `"1. Open: \"yes\" é\u2028"`}).Draw(t, "stage is"))
	}
	b.WriteString("mappings:\n")
	free := rapid.Permutation(fieldNames()).Draw(t, "fields")
	for i, key := range []string{"contact.email", "contact.phone", "contact.title", "lead.email"} {
		if name := free[i]; rapid.Bool().Draw(t, key) {
			fmt.Fprintf(&b, "  %s: %q\n", key, name)
		} else if rapid.Bool().Draw(t, key+" away") {
			fmt.Fprintf(&b, "  %s: null\n", key)
		}
	}
	b.WriteString("recipients:\n  - {address: first@example.com, class: EXTERNAL}\n")
	for _, name := range rapid.SliceOfDistinct(rapid.StringMatching(`[a-z0-9'+_é-]{1,6}`), rapid.ID[string]).Draw(t, "people") {
		fmt.Fprintf(&b, "  - address: %q\n    class: %s\n", name+"@example.org", rapid.SampledFrom([]string{"EXTERNAL", "INTERNAL"}).Draw(t, "class"))
	}
	return b.String()
}

func TestBadDocumentsAreRefusedAtTheirPlace(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		id := f.connect("salesforce", crm.Production)
		f.must(id, head+"recipients: [{address: first@example.com, class: EXTERNAL}]\n")
		before := f.export(id)
		for name, c := range map[string]struct {
			document string
			want     []string
		}{
			"nothing":                {"", []string{"DOCUMENT_INVALID 1:1"}},
			"a list":                 {"- a\n- b\n", []string{"DOCUMENT_INVALID 1:", "DOCUMENT_INVALID 1:1", "DOCUMENT_INVALID 1:1"}},
			"no YAML":                {head + "settings: [\n", []string{"DOCUMENT_INVALID "}},
			"two documents":          {head + "---\n" + head, []string{"DOCUMENT_INVALID 1:1"}},
			"another version":        {"version: 2\nconnector: salesforce\n", []string{"DOCUMENT_INVALID 1:10"}},
			"no connector":           {"version: 1\n", []string{"DOCUMENT_INVALID 1:1"}},
			"another connector":      {"version: 1\nconnector: hubspot\n", []string{"DOCUMENT_INVALID 2:12"}},
			"an environment":         {head + "environment: MOON\n", []string{"DOCUMENT_INVALID 3:14"}},
			"unknown keys":           {head + "setting: {}\nquota: 7\n", []string{"DOCUMENT_INVALID 3:1", "DOCUMENT_INVALID 4:1"}},
			"a key twice":            {head + "quotaSharePercent: 5\nquotaSharePercent: 6\n", []string{"DOCUMENT_INVALID 4:1"}},
			"a setting twice":        {head + "settings:\n  dataSync: true\n  dataSync: false\n", []string{"DOCUMENT_INVALID 5:3"}},
			"an unknown setting":     {head + "settings:\n  dataSink: true\n", []string{"DOCUMENT_INVALID 4:3"}},
			"a wrong type":           {head + "settings:\n  dataSync: \"true\"\n", []string{"DOCUMENT_INVALID 4:13"}},
			"a decision taken back":  {head + "settings:\n  dataSync:\n", []string{"DOCUMENT_INVALID 4:"}},
			"a number for a stage":   {head + "settings:\n  autoSave.pipelineEntryStage: 3\n", []string{"DOCUMENT_INVALID 4:32"}},
			"no option":              {head + "settings:\n  autoSave.enabled: true\n  autoSave.pipelineEntryStage: Lost\n", []string{"SETTING_INVALID 5:32"}},
			"an unavailable setting": {head + "settings:\n  autoSave.enabled: false\n  autoSave.pipelineEntryStage: Won\n", []string{"SETTING_UNAVAILABLE 5:32"}},
			"an unknown standard":    {head + "mappings:\n  contact.email: Email\n  contact.shoe: Email\n", []string{"DOCUMENT_INVALID 5:3"}},
			"an unseen field":        {head + "mappings:\n  contact.email: Nickname\n", []string{"NOT_FOUND 4:3"}},
			"one field twice":        {head + "mappings:\n  contact.email: Email\n  contact.phone: Email\n", []string{"MAPPING_CONFLICT 5:3"}},
			"no field":               {head + "mappings:\n  contact.email: \" \"\n", []string{"DOCUMENT_INVALID 4:18"}},
			"a bad schedule":         {head + "schedule: {time: \"25:00\", zone: UTC}\n", []string{"DOCUMENT_INVALID 3:18"}},
			"a zone that is none":    {head + "schedule: {time: \"02:00\", zone: Mars/Olympus}\n", []string{"DOCUMENT_INVALID 3:18"}},
			"half a schedule":        {head + "schedule: {time: \"02:00\"}\n", []string{"DOCUMENT_INVALID 3:1"}},
			"a budget of zero":       {head + "apiBudgets: {rest: 0}\n", []string{"DOCUMENT_INVALID 3:20"}},
			"a negative budget":      {head + "apiBudgets: {rest: -5}\n", []string{"DOCUMENT_INVALID 3:20"}},
			"an unknown API":         {head + "apiBudgets: {soap: 5}\n", []string{"DOCUMENT_INVALID 3:14"}},
			"a share over all":       {head + "quotaSharePercent: 101\n", []string{"DOCUMENT_INVALID 3:20"}},
			"no last recipient":      {head + "recipients: []\n", []string{"RECIPIENT_REQUIRED 3:13"}},
			"bad recipients": {head + "recipients:\n  - {address: ann, class: EXTERNAL}\n  - {address: a@b.c, class: FRIEND}\n  - {address: a@b.c}\n", []string{
				"DOCUMENT_INVALID 4:15", "DOCUMENT_INVALID 5:29", "DOCUMENT_INVALID 6:",
			}},
			"a recipient twice":  {head + "recipients:\n  - {address: a@b.c, class: EXTERNAL}\n  - {address: A@B.C, class: INTERNAL}\n", []string{"DOCUMENT_INVALID 5:15"}},
			"an anchor":          {head + "settings: &a\n  dataSync: true\n", []string{"DOCUMENT_INVALID 3:11"}},
			"an alias":           {head + "settings: *a\n", []string{"DOCUMENT_INVALID 3:11"}},
			"a merge":            {head + "<<: {}\n", []string{"DOCUMENT_INVALID 3:1"}},
			"a tag":              {head + "settings: !!map {}\n", []string{"DOCUMENT_INVALID 3:11"}},
			"a complex key":      {head + "? a\n: b\n", []string{"DOCUMENT_INVALID 3:1"}},
			"a deep list":        {head + "recipients: " + strings.Repeat("[", 100_000), []string{"DOCUMENT_INVALID 3:17"}},
			"a deep block":       {head + "recipients:\n" + strings.Repeat("- ", 100_000), []string{"DOCUMENT_INVALID 4:3"}},
			"a deep mapping":     {head + deep(60), []string{"DOCUMENT_INVALID "}},
			"too many keys":      {head + "mappings:\n" + strings.Repeat("  a: b\n", 30_000), []string{"DOCUMENT_INVALID "}},
			"over a mebibyte":    {head + "#" + strings.Repeat("x", 1<<20), []string{"DOCUMENT_INVALID "}},
			"no UTF-8":           {head + "connector: \"\xff\"\n", []string{"DOCUMENT_INVALID "}},
			"an unclosed string": {head + "environment: \"" + strings.Repeat("x", 100_000), []string{"DOCUMENT_INVALID "}},
		} {
			started := time.Now()
			_, err := f.read(id, c.document, confirm)
			require.Less(t, time.Since(started), 5*time.Second, name)
			require.Len(t, problems(err), len(c.want), "%s: %v", name, err)
			for i, problem := range problems(err) {
				require.True(t, strings.HasPrefix(problem, c.want[i]), "%s: %s: want %s: %v", name, problem, c.want[i], err)
			}
			require.Equal(t, before, f.export(id), name)
		}
	})
}

func deep(levels int) string {
	var b strings.Builder
	for i := range levels {
		b.WriteString(strings.Repeat(" ", i) + "k:\n")
	}
	return b.String()
}

// problems lists "CODE line:column" of the errors.
func problems(err error) []string {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var list []string
		for _, one := range joined.Unwrap() {
			list = append(list, problems(one)...)
		}
		return list
	}
	var known *fault.Error
	if !errors.As(err, &known) {
		return nil
	}
	return []string{fmt.Sprintf("%s %s:%s", known.Code, known.Details["line"], known.Details["column"])}
}

// TestNothingIsHalfApplied: the last part of the document is refused.
func TestNothingIsHalfApplied(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		id := f.connect("salesforce", crm.Production)
		f.must(id, head+"recipients: [{address: first@example.com, class: EXTERNAL}]\n")
		before, audited := f.export(id), s.Read().AuditEntry.Query().CountX(f.ctx)
		_, err := f.read(id, strings.Replace(whole, "class: EXTERNAL", "class: INTERNAL", 1), confirm)
		require.Equal(t, fault.RecipientRequired, fault.CodeOf(err))
		require.Equal(t, before, f.export(id))
		require.Equal(t, audited, s.Read().AuditEntry.Query().CountX(f.ctx))
	})
}

func TestWhatTakesAwayNeedsConfirm(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		id := f.connect("salesforce", crm.Production)
		f.must(id, whole)
		document := head + "mappings: {contact.email: null}\nrecipients: [{address: ann@example.com, class: EXTERNAL}]\napiBudgets: {rest: null}\n"
		want := []string{
			"BUDGET budget: There is no limit of calls to the API rest any more.",
			"! MAPPING contact.email: Nothing stands for contact.email any more; Contact.Email is no longer watched.",
			"! RECIPIENT vendor@example.com: vendor@example.com is not told any more.",
		}
		planned, err := f.read(id, document, dryRun)
		require.NoError(t, err)
		require.Equal(t, want, effects(planned.Plan), "a dry run needs no confirm")
		_, err = f.read(id, document)
		require.Equal(t, fault.ConfirmRequired, fault.CodeOf(err))
		require.Empty(t, f.must(id, whole).Plan, "nothing was taken away")
		require.Equal(t, want, effects(f.must(id, document).Plan))
		require.Len(t, f.must(id, whole).Plan, 3)
		// To replace a mapping takes nothing away.
		swapped, err := f.read(id, head+"mappings: {contact.email: \"42\", contact.phone: Email}\n")
		require.NoError(t, err)
		require.Equal(t, []string{
			"MAPPING contact.email: Contact.42 stands for contact.email.", "MAPPING contact.phone: Contact.Email stands for contact.phone.",
		}, effects(swapped.Plan), "two may change places")
	})
}

func TestWhoMayReadAndWriteDocuments(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		id, other := f.connect("salesforce", crm.Production), f.connect("salesforce", crm.Sandbox)
		for _, c := range []struct {
			role        principal.Role
			scopes      []principal.Scope
			read, write fault.Code
		}{
			{principal.RoleOwner, nil, "", ""},
			{principal.RoleAdmin, nil, "", ""},
			{principal.RoleViewer, nil, fault.Forbidden, fault.Forbidden},
			{principal.RoleCSM, nil, "", fault.Forbidden},
			{principal.RoleAdmin, []principal.Scope{principal.ScopeRead}, fault.Forbidden, fault.Forbidden},
			{principal.RoleAdmin, []principal.Scope{principal.ScopeReadSettings}, "", fault.Forbidden},
		} {
			f.as(c.role, c.scopes)
			_, err := f.service.Export(f.ctx, id)
			require.Equal(t, c.read, fault.CodeOf(err), "%+v", c)
			_, err = f.read(id, head)
			require.Equal(t, c.write, fault.CodeOf(err), "%+v", c)
			_, err = f.service.CopySettings(f.ctx, f.copying(id, other))
			require.Equal(t, c.write, fault.CodeOf(err), "%+v", c)
			_, err = f.service.CopyMapping(f.ctx, f.copying(id, other))
			require.Equal(t, c.write, fault.CodeOf(err), "%+v", c)
		}
		stranger := newFixture(t, s)
		_, err := stranger.service.Export(stranger.ctx, id)
		require.Equal(t, fault.NotFound, fault.CodeOf(err))
		_, err = stranger.read(id, head)
		require.Equal(t, fault.NotFound, fault.CodeOf(err))
		own := stranger.connect("salesforce", crm.Production)
		for _, in := range []configuration.CopyInput{stranger.copying(id, own), stranger.copying(own, id)} {
			_, err = stranger.service.CopySettings(stranger.ctx, in)
			require.Equal(t, fault.NotFound, fault.CodeOf(err))
			_, err = stranger.service.CopyMapping(stranger.ctx, in)
			require.Equal(t, fault.NotFound, fault.CodeOf(err))
		}
	})
}

func (f *fixture) copying(from, to string) configuration.CopyInput {
	return configuration.CopyInput{FromIntegrationID: from, ToIntegrationID: to, IdempotencyKey: f.key()}
}

func TestCopySettings(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		from, to := f.connect("salesforce", crm.Sandbox), f.connect("salesforce", crm.Production)
		f.must(from, head+"settings: {dataSync: true, contacts.create: true, contacts.create.bulk: true}\n")
		f.must(to, head+"settings: {dataSync: true, restrictedDataMode: false}\n")
		in := f.copying(from, to)
		in.DryRun = true
		planned, err := f.service.CopySettings(f.ctx, in)
		require.NoError(t, err)
		want := []string{
			`SETTING contacts.create: "Create contacts" is switched on.`, `SETTING contacts.create.bulk: "Bulk create contacts" is switched on.`,
		}
		require.Equal(t, want, effects(planned.Plan))
		require.False(t, planned.Applied)
		in.DryRun = false
		done, err := f.service.CopySettings(f.ctx, in)
		require.NoError(t, err, "a dry run leaves its key free")
		require.True(t, done.Applied)
		require.Equal(t, want, effects(done.Plan))
		require.Contains(t, f.export(to), "restrictedDataMode: false", "what is undecided there stays")
		again, err := f.service.CopySettings(f.ctx, f.copying(from, to))
		require.NoError(t, err)
		require.Empty(t, again.Plan)

		third := f.connect("salesforce", crm.Sandbox)
		f.inTx(func(ctx context.Context, tx *store.Tx) error {
			objects := tx.Ent().CrmObject.Query().AllX(ctx)
			for _, object := range objects {
				if object.IntegrationID == third && object.Name == "Contact" {
					tx.Ent().CrmObject.UpdateOne(object).SetStatus(crm.ObjectPermissionMissing).ExecX(ctx)
				}
			}
			return nil
		})
		before := f.export(third)
		_, err = f.service.CopySettings(f.ctx, f.copying(from, third))
		require.Equal(t, fault.SettingUnavailable, fault.CodeOf(err))
		require.ErrorContains(t, err, "create Contact")
		require.Equal(t, before, f.export(third), "nothing is half applied")

		_, err = f.service.CopySettings(f.ctx, f.copying(from, from))
		require.Equal(t, fault.BadInput, fault.CodeOf(err))
		_, err = f.service.CopySettings(f.ctx, f.copying(from, f.connect("hubspot", crm.Production)))
		require.Equal(t, fault.BadInput, fault.CodeOf(err))
	})
}

func TestCopyMapping(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		from, to := f.connect("salesforce", crm.Sandbox, "Only__c"), f.connect("salesforce", crm.Production)
		f.must(from, head+"mappings: {contact.email: Email, contact.phone: Only__c, contact.title: Title, account.name: Name}\n")
		f.must(to, head+"mappings: {contact.phone: Title, lead.email: Email, account.name: Name}\n")
		in := f.copying(from, to)
		in.DryRun = true
		planned, err := f.service.CopyMapping(f.ctx, in)
		require.NoError(t, err)
		want := []string{
			"MAPPING contact.email: Contact.Email stands for contact.email.",
			"MAPPING contact.phone: Contact.Only__c is left out of the target: no check of it has seen the field.",
			"MAPPING contact.title: Contact.Title is left out of the target: the field stands for another standard field there.",
		}
		require.Equal(t, want, effects(planned.Plan))
		require.NotContains(t, f.export(to), "contact.email: Email")
		in.DryRun = false
		done, err := f.service.CopyMapping(f.ctx, in)
		require.NoError(t, err)
		require.Equal(t, want, effects(done.Plan))
		text := f.export(to)
		for _, line := range []string{"contact.email: Email", "contact.phone: Title", "lead.email: Email", "account.name: Name", "# contact.title: not mapped"} {
			require.Contains(t, text, line)
		}
	})
}
