package dynamics365_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/packages"
	crmsim "github.com/fieldwarden/fieldwarden/plugins/crmsim/dynamics365"
	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// TestPackageMapsItself: what the connector lists is what the package's automatic
// mapping looks for; every standard field finds its column by the first candidate.
func TestPackageMapsItself(t *testing.T) {
	t.Parallel()
	o := startOrg(t, crmsim.Config{})
	pkg, err := packages.Load("sales-engagement", "dynamics365")
	require.NoError(t, err)
	require.Equal(t, story, pkg.ObjectNames())
	checks := o.check(t, pkg.ObjectNames()...)
	for _, object := range pkg.Objects {
		check := checks[object.Name]
		require.Equal(t, sdk.VerdictAccessible, check.Verdict, "%s: %v", object.Name, check.Failure)
		var fields []crm.FieldInfo
		for _, field := range check.Fields {
			fields = append(fields, crm.FieldInfo{Name: field.Name, Type: field.Type, Rights: crm.Rights{Read: true}})
		}
		proposals := crm.Propose(pkg, object.Name, fields)
		require.Len(t, proposals, len(object.Fields), object.Name)
		for _, p := range proposals {
			require.True(t, p.Readable && p.Confidence == 1, "%+v", p)
		}
	}
	for _, definition := range crm.SettingDefinitions() {
		for _, requirement := range definition.Requires {
			_, found := pkg.ObjectByKey(requirement.Object)
			require.True(t, found, "%s needs the object %s", definition.Key, requirement.Object)
			if requirement.Field != "" {
				_, _, found = pkg.StandardField(requirement.Field)
				require.True(t, found, "%s needs the standard field %s", definition.Key, requirement.Field)
			}
		}
	}
}
