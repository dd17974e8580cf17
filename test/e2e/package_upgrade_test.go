package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// packagePlan is what upgradePackage says.
type packagePlan struct {
	FromVersion, ToVersion int
	Effects                []struct {
		Kind, Subject, Description string
		Readable                   *bool
		Destructive                bool
	}
}

const packagePlanSelection = "plan { fromVersion toVersion effects { kind subject description readable destructive } }"

// upgrade asks for a version; 0 is the newest.
func (i *integration) upgrade(t *testing.T, version int, confirm bool) packagePlan {
	t.Helper()
	input := vars{"confirm": confirm}
	if version > 0 {
		input["toVersion"] = version
	}
	var answer struct{ Plan packagePlan }
	i.do(t, "upgradePackage", packagePlanSelection, input, &answer)
	return answer.Plan
}

// packageVersion is the version that the integration goes by, and whether a newer one
// waits.
func (i *integration) packageVersion(t *testing.T) (version int, upgradable bool) {
	t.Helper()
	var found struct {
		Package        struct{ Version int }
		PackageUpgrade *packagePlan
	}
	i.look(t, "package { version } packageUpgrade { fromVersion toVersion }", &found)
	return found.Package.Version, found.PackageUpgrade != nil
}

// TestPackageUpgrade: a version's plan is seen first, and its confirmation moves
// objects, mappings and alerts with it (requirement F1).
func TestPackageUpgrade(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := newSite(t, url, siteOptions{})
		i := s.active(t)
		version, upgradable := i.packageVersion(t)
		require.Equal(t, 2, version, "a new integration is given the newest version")
		require.False(t, upgradable)
		before := i.objects(t)
		require.Contains(t, before, "UserRole")

		// An older version has fewer objects: looking at it changes nothing.
		older := i.upgrade(t, 1, false)
		require.Equal(t, []int{2, 1}, []int{older.FromVersion, older.ToVersion})
		destructive := map[string]bool{}
		for _, effect := range older.Effects {
			require.NotEmpty(t, effect.Description)
			destructive[effect.Kind+" "+effect.Subject] = effect.Destructive
		}
		require.True(t, destructive["OBJECT_REMOVED role"], "%+v", older.Effects)
		require.Contains(t, destructive, "STANDARD_FIELD_ADDED contact.fax")
		version, _ = i.packageVersion(t)
		require.Equal(t, 2, version)

		// An alert on what goes ends with it.
		s.setRead(t, false, "UserRole")
		i.check(t)
		eventually(t, "the loss of UserRole", func() bool { _, lost := i.openAlerts(t)["UserRole"]; return lost })
		require.Equal(t, older, i.upgrade(t, 1, true))
		version, upgradable = i.packageVersion(t)
		require.Equal(t, 1, version)
		require.True(t, upgradable)
		require.NotContains(t, i.openAlerts(t), "UserRole")
		s.setRead(t, true, "UserRole")
		i.do(t, "mapField", "", vars{"standardField": "contact.fax", "crmField": "Fax"}, nil)

		// And back, to the newest: what is mapped to nothing any more goes, what is new is checked.
		newer := i.upgrade(t, 0, false)
		require.Equal(t, []int{1, 2}, []int{newer.FromVersion, newer.ToVersion})
		found := false
		for _, effect := range newer.Effects {
			if effect.Subject == "contact.fax" {
				found = true
				require.Equal(t, "STANDARD_FIELD_REMOVED", effect.Kind)
				require.True(t, effect.Destructive)
				require.Contains(t, effect.Description, "Contact.Fax")
			}
		}
		require.True(t, found)
		key := i.input(vars{"confirm": true})
		var once, again struct{ Plan packagePlan }
		i.user.change(t, "upgradePackage", packagePlanSelection, key, &once)
		i.user.change(t, "upgradePackage", packagePlanSelection, key, &again)
		require.Equal(t, newer, once.Plan)
		require.Equal(t, once, again, "the same key again changes nothing and says the same")
		version, upgradable = i.packageVersion(t)
		require.Equal(t, 2, version)
		require.False(t, upgradable)
		eventually(t, "the check of what is new", func() bool { return i.objects(t)["UserRole"].Status == "OK" })
		// Its mappings have gone with it: people say what stands for them now.
		for _, rule := range i.openRules(t) {
			require.Equal(t, "REQUIRED_FIELD_UNMAPPED", rule)
		}
		i.takeProposals(t)
		require.Empty(t, i.openRules(t))

		answer := i.try(t, "upgradePackage", packagePlanSelection, vars{"toVersion": 99})
		require.Contains(t, string(answer.Data), "BAD_INPUT")
	})
}

// TestAnotherPackage: what a workspace does not buy any more goes with its mappings,
// and what is new is checked at once (requirement A4).
func TestAnotherPackage(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := newSite(t, url, siteOptions{})
		i := s.active(t)
		csm := s.user(t, s.WorkspaceID(), principal.RoleCSM)
		before := i.mappings(t)
		csm.change(t, "setEntitlements", "workspace { id }", vars{"workspaceId": s.WorkspaceID(), "packageKey": "revenue-intelligence"}, nil)
		version, upgradable := i.packageVersion(t)
		require.Equal(t, 1, version)
		require.False(t, upgradable)
		after := i.mappings(t)
		gone := 0
		for _, one := range i.mappingChanges(t, "") {
			if one.Action == "UNMAPPED" {
				gone++
				require.NotContains(t, after, one.StandardField)
				require.Contains(t, one.Reason, "no such standard field")
			}
		}
		require.Positive(t, gone)
		require.Len(t, after, len(before)-gone)
		eventually(t, "the check of what is new", func() bool {
			for _, object := range i.objects(t) {
				if object.Status == "NOT_CHECKED" {
					return false
				}
			}
			return true
		})
		i.takeProposals(t)
		require.Equal(t, "SUCCEEDED", i.runNow(t).Status)
	})
}
