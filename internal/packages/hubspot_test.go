package packages_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/packages"
)

func TestHubSpotPackage(t *testing.T) {
	t.Parallel()
	pkg, err := packages.Load("sales-engagement", "hubspot", 0)
	require.NoError(t, err)
	require.Equal(t, []string{"companies", "contacts", "leads", "deals", "owners"}, pkg.ObjectNames())
	lead, _ := pkg.ObjectByKey("lead")
	require.Equal(t, crm.Recommended, lead.Requirement, "portals below Sales Hub Professional have no leads")
}

// TestHubSpotCandidatesExist: every standard field finds its property by the first
// candidate, so that a check of a healthy portal looks for none that is missing.
func TestHubSpotCandidatesExist(t *testing.T) {
	t.Parallel()
	root := os.Getenv("FIELDWARDEN_REFERENCE_DATA")
	if root == "" {
		t.Skip("SKIPPED: FIELDWARDEN_REFERENCE_DATA names no folder with property definitions")
	}
	pkg, err := packages.Load("sales-engagement", "hubspot", 0)
	require.NoError(t, err)
	for object, file := range map[string]string{
		"companies": "companies_default_2026-03.json", "contacts": "contacts_default_2023-09.json",
		"deals": "deals_default_2024-10.json", "leads": "leads_assembled_NOT_REAL.json",
	} {
		fields := hubspotProperties(t, filepath.Join(root, "hubspot", "data", "properties", file))
		wanted, _ := pkg.Object(object)
		for _, field := range wanted.Fields {
			if strings.HasPrefix(field.Candidates[0], "associations.") {
				fields = append(fields, crm.FieldInfo{Name: field.Candidates[0], Type: "associations", Rights: crm.Rights{Read: true}})
			}
		}
		fields = append(fields, crm.FieldInfo{Name: "id", Type: "id", Rights: crm.Rights{Read: true}})
		proposals := crm.Propose(pkg, object, fields, nil)
		for _, field := range wanted.Fields {
			i := slices.IndexFunc(proposals, func(p crm.Proposal) bool { return p.StandardField == field.Key })
			require.True(t, i >= 0 && proposals[i].CRMField == field.Candidates[0], "%s: %+v", field.Key, proposals)
		}
	}
}

func hubspotProperties(t *testing.T, file string) []crm.FieldInfo {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	type property struct{ Name, Type string }
	var properties []property
	if json.Unmarshal(text, &properties) != nil {
		var answer struct{ Results []property }
		require.NoError(t, json.Unmarshal(text, &answer))
		properties = answer.Results
	}
	var fields []crm.FieldInfo
	for _, p := range properties {
		fields = append(fields, crm.FieldInfo{Name: p.Name, Type: p.Type, Rights: crm.Rights{Read: true}})
	}
	require.NotEmpty(t, fields)
	return fields
}
