package packages_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// TestEveryPackageCarriesTheSettings holds for each CRM that a package is built in
// for: what the settings need is in the package, or the setting would be unavailable
// as CONNECTOR_UNSUPPORTED; and a loss of any field breaks something that is named.
func TestEveryPackageCarriesTheSettings(t *testing.T) {
	t.Parallel()
	for _, pkg := range builtIn(t).All() {
		name := fmt.Sprintf("%s for %s, version %d", pkg.Key, pkg.CRM, pkg.Version)
		states := crm.Evaluate(crm.SettingInputs{
			Edition: crm.EditionAdvancedPlus, Package: pkg,
			Manifest: crm.Manifest{Title: pkg.CRM, Capabilities: []crm.Capability{crm.CanRead, crm.CanListPicklist}},
		})
		for _, state := range states {
			require.NotEqual(t, crm.UnavailableConnector, state.UnavailableReason, "%s: %s: %s", name, state.Definition.Key, state.UnavailableMessage)
		}
		requireSettings(t, pkg)
		for _, object := range pkg.Objects {
			for _, field := range object.Fields {
				require.NotEmpty(t, pkg.FeaturesOf(field), "%s: %s: its loss must break something", name, field.Key)
			}
		}
	}
}

// requireSettings holds a package to what each setting needs readable or writable.
func requireSettings(t *testing.T, pkg crm.Package) {
	t.Helper()
	for _, definition := range crm.SettingDefinitions() {
		for _, requirement := range definition.Requires {
			_, found := pkg.ObjectByKey(requirement.Object)
			require.True(t, found, "%s: %s needs the object %s", pkg.CRM, definition.Key, requirement.Object)
			if requirement.Field != "" {
				_, _, found = pkg.StandardField(requirement.Field)
				require.True(t, found, "%s: %s needs the standard field %s", pkg.CRM, definition.Key, requirement.Field)
			}
		}
	}
}
