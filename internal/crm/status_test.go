package crm_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

func TestStatusOf(t *testing.T) {
	t.Parallel()
	require.Equal(t, crm.FieldActiveStandardized, crm.StatusOf(true, true))
	require.Equal(t, crm.FieldActive, crm.StatusOf(true, false))
	require.Equal(t, crm.FieldErrorStandardized, crm.StatusOf(false, true))
	require.Equal(t, crm.FieldInaccessible, crm.StatusOf(false, false))
}
