package host_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/plugins/host"
)

func TestGoodConnector(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, l lab) {
		manifest, err := l.Describe("test")
		require.NoError(t, err)
		require.Equal(t, "Test CRM", manifest.Title)
		require.Equal(t, []crm.Capability{crm.CanListObjects, crm.CanListFields, crm.CanCheckPermissions, crm.CanRead}, manifest.Capabilities)
		require.Equal(t, host.StateLoaded, l.status(t).State)

		identity, err := l.Identify(t.Context(), "test", target(""))
		require.NoError(t, err)
		require.Equal(t, "org", identity.InstanceID)
		require.Empty(t, identity.Environment)

		items, err := l.Checklist(t.Context(), "test", target(""), []string{"Contact"})
		require.NoError(t, err)
		require.Equal(t, crm.ChecklistPass, items[0].Status)

		objects, err := l.ListObjects(t.Context(), "test", target(""))
		require.NoError(t, err)
		require.Equal(t, []crm.ObjectInfo{{Name: "Contact", Label: "Contact", Rights: crm.Rights{Read: true}}, {Name: "Lead", Label: "Lead"}}, objects)

		fields, err := l.ListFields(t.Context(), "test", target(""), "Contact")
		require.NoError(t, err)
		require.Len(t, fields, 3)
	})
}
