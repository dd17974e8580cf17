package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// TestSettingsAreToldBeforeTheyAreChanged: a preflight tells what follows, what is
// missing and how to get it, and what would be refused; the history tells who decided.
func TestSettingsAreToldBeforeTheyAreChanged(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := newSite(t, url, siteOptions{})
		i := s.active(t)
		const email, create = "contacts.create.emailRequired", "contacts.create"
		all := []vars{{"key": create, "value": true}, {"key": "contacts.create.bulk", "value": true}, {"key": email, "value": true}}
		i.do(t, "updateSettings", "", vars{"expectedVersion": i.settings(t).Version, "changes": all}, nil)
		s.setRead(t, false, "Contact.Email")
		i.check(t)
		eventually(t, "the right is known to be missing", func() bool {
			for _, group := range i.settings(t).Groups {
				for _, one := range group.Settings {
					if one.Key == email {
						return one.UnavailableReason == "PERMISSION_MISSING"
					}
				}
			}
			return false
		})
		version := i.settings(t).Version
		type effect struct {
			Key, UnavailableReason          string
			Requested                       bool
			EffectiveBefore, EffectiveAfter any
			Before, After                   any
			Missing                         []struct {
				Object, Field, Right, Status string
				Fix                          *struct{ Steps []string }
			}
		}
		ask := func(changes ...vars) (effects map[string]effect, refused []string) {
			var told struct {
				SettingsPreflight struct {
					Version  int
					Effects  []effect
					Problems []struct{ Code string }
				}
			}
			i.ask(t, `query($id: ID!, $changes: [SettingChangeInput!]!) { settingsPreflight(integrationId: $id, changes: $changes) {
				version problems { code } effects { key requested before after effectiveBefore effectiveAfter unavailableReason
				missing { object field right status fix { steps } } } } }`, vars{"id": i.id, "changes": changes}, &told)
			require.Equal(t, version, told.SettingsPreflight.Version)
			effects = map[string]effect{}
			for _, one := range told.SettingsPreflight.Effects {
				effects[one.Key] = one
			}
			for _, problem := range told.SettingsPreflight.Problems {
				refused = append(refused, problem.Code)
			}
			return effects, refused
		}

		effects, refused := ask(vars{"key": create, "value": false})
		require.Empty(t, refused)
		require.True(t, effects[create].Requested)
		require.Equal(t, []any{true, false}, []any{effects[create].EffectiveBefore, effects[create].EffectiveAfter})
		follows := effects["contacts.create.bulk"]
		require.False(t, follows.Requested)
		require.Equal(t, []any{true, false, true, true}, []any{follows.EffectiveBefore, follows.EffectiveAfter, follows.Before, follows.After})
		require.Equal(t, "PARENT_DISABLED", follows.UnavailableReason)

		off, on := vars{"key": email, "value": false}, vars{"key": email, "value": true}
		i.do(t, "updateSettings", "", vars{"expectedVersion": version, "changes": []vars{off}}, nil)
		version++
		effects, refused = ask(on)
		require.Equal(t, []string{"SETTING_UNAVAILABLE"}, refused)
		require.Len(t, effects[email].Missing, 1)
		missing := effects[email].Missing[0]
		require.Equal(t, []string{"Contact", "Email", "CREATE", "MISSING"}, []string{missing.Object, missing.Field, missing.Right, missing.Status})
		require.NotEmpty(t, missing.Fix.Steps)
		require.Equal(t, version, i.settings(t).Version, "asking changes nothing")

		var found struct {
			SettingChanges struct {
				TotalCount int
				Edges      []struct {
					Node struct {
						ChangedBy, ChangedByName string
						Decisions                []struct {
							Key, Title    string
							Before, After any
						}
					}
				}
			}
		}
		i.look(t, "settingChanges(first: 1) { totalCount edges { node { changedBy changedByName decisions { key title before after } } } }", &found)
		require.Greater(t, found.SettingChanges.TotalCount, 1)
		newest := found.SettingChanges.Edges[0].Node
		require.NotEmpty(t, newest.ChangedByName)
		require.Len(t, newest.Decisions, 1)
		require.Equal(t, []any{email, true, false}, []any{newest.Decisions[0].Key, newest.Decisions[0].Before, newest.Decisions[0].After})
		require.NotEqual(t, email, newest.Decisions[0].Title)
	})
}
