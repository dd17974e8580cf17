package crm_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

func seen(checks ...crm.ObjectCheck) map[string]crm.SeenObject {
	all := map[string]crm.SeenObject{}
	for _, check := range checks {
		all[check.Object] = crm.Seen(check)
	}
	return all
}

// lines words differences as "CHANGE Object.Field".
func lines(differences []crm.SeenDifference) []string {
	said := []string{}
	for _, d := range differences {
		line := fmt.Sprintf("%s %s", d.Change, d.Object)
		if d.Field != "" {
			line += "." + d.Field
		}
		said = append(said, line)
	}
	return said
}

func TestDiffSeen(t *testing.T) {
	t.Parallel()
	asked := can("Email")
	asked.Denied = []crm.DeniedField{{Name: "Phone", Cause: crm.CausePermission, Evidence: "Hidden."}}
	reduced := can("Email", "Phone")
	reduced.Rights.Create = false
	reduced.Fields[0].Rights.Update = true
	other := can("Id")
	other.Object = "Account"
	for name, test := range map[string]struct {
		from, to map[string]crm.SeenObject
		want     []string
	}{
		"the same":                {seen(can("Email")), seen(can("Email")), []string{}},
		"a field is gone":         {seen(can("Email", "Phone")), seen(can("Email")), []string{"VANISHED Contact.Phone"}},
		"a field is hidden":       {seen(can("Email", "Phone")), seen(asked), []string{"LOST Contact.Phone"}},
		"a field is shown again":  {seen(asked), seen(can("Email", "Phone")), []string{"RESTORED Contact.Phone"}},
		"a field is new":          {seen(can("Email")), seen(can("Email", "Fax")), []string{"APPEARED Contact.Fax"}},
		"the object is lost":      {seen(can("Email")), seen(cannot(crm.CausePermission)), []string{"LOST Contact"}},
		"the object is back":      {seen(cannot(crm.CausePermission)), seen(can("Email")), []string{"RESTORED Contact"}},
		"rights changed":          {seen(can("Email", "Phone")), seen(reduced), []string{"RIGHTS_REDUCED Contact", "RIGHTS_EXTENDED Contact.Email"}},
		"an object came and went": {seen(can("Email")), seen(other), []string{"APPEARED Account", "VANISHED Contact"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, lines(crm.DiffSeen(test.from, test.to)))
		})
	}
	lost := crm.DiffSeen(seen(can("Email", "Phone")), seen(asked))[0]
	require.Equal(t, crm.CausePermission, lost.Cause)
	require.Equal(t, "Hidden.", lost.Evidence)
	require.NotNil(t, lost.Before)
	require.Nil(t, lost.After)
}

// What lies between two snapshots is nothing for equal ones, and as much one way as
// the other.
func TestDiffSeenIsSymmetric(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := seen(answered(drawCheck(t))), seen(answered(drawCheck(t)))
		require.Empty(t, crm.DiffSeen(a, a))
		forth, back := crm.DiffSeen(a, b), crm.DiffSeen(b, a)
		require.Len(t, back, len(forth))
	})
}

// answered makes a check that failed one that denied: only answers are stored.
func answered(check crm.ObjectCheck) crm.ObjectCheck {
	if check.Verdict == crm.VerdictFailed {
		check.Verdict = crm.VerdictDenied
	}
	return check
}
