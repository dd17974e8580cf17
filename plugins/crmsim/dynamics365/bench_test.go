package dynamics365_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/dynamics365"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/world"
)

// BenchmarkNew builds an environment with 200,000 records.
func BenchmarkNew(b *testing.B) {
	for range b.N {
		_, err := dynamics365.New(dynamics365.Config{Records: world.Spread(200_000)})
		require.NoError(b, err)
	}
}

// BenchmarkRead reads 80,000 contacts by modifiedon, in pages of 5,000, over HTTP.
func BenchmarkRead(b *testing.B) {
	s := start(b, func(c *dynamics365.Config) { c.Records = world.Spread(200_000); c.RequestLimit = -1 }).login(b)
	rows := 0
	b.ResetTimer()
	for range b.N {
		path := "/contacts?$select=fullname,emailaddress1,jobtitle,_parentcustomerid_value,_ownerid_value,modifiedon&$orderby=modifiedon"
		for path != "" {
			a := s.get(b, path, "Prefer", `odata.include-annotations="OData.Community.Display.V1.FormattedValue"`).json(b, http.StatusOK)
			rows += len(values(a))
			path, _ = a["@odata.nextLink"].(string)
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "records/s")
}
