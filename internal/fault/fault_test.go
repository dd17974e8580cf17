package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/fault"
)

func TestEveryCodeIsListedOnceWithAHint(t *testing.T) {
	t.Parallel()
	seen := map[fault.Code]bool{}
	for _, info := range fault.Codes() {
		require.False(t, seen[info.Code], "%s stands twice", info.Code)
		seen[info.Code] = true
		require.NotEmpty(t, info.Hint, "%s has no hint", info.Code)
		require.NotEmpty(t, info.Side, "%s has no side", info.Code)
		require.NotEmpty(t, info.Retry, "%s has no retry class", info.Code)
		found, ok := fault.Lookup(info.Code)
		require.True(t, ok)
		require.Equal(t, info, found)
	}
}

func TestCauseStaysHiddenButReachable(t *testing.T) {
	t.Parallel()
	cause := errors.New("password=hunter2")
	err := fmt.Errorf("reading: %w", fault.New(fault.CRMTimeout, "The CRM did not answer.", fault.Cause(cause)))
	found, ok := fault.From(err)
	require.True(t, ok)
	require.NotContains(t, found.Error(), "hunter2")
	require.ErrorIs(t, err, cause)
	require.Equal(t, fault.CRMTimeout, fault.CodeOf(err))
	require.Equal(t, fault.Internal, fault.CodeOf(cause))
	require.True(t, fault.Is(err, fault.NotFound, fault.CRMTimeout))
	require.NotEmpty(t, found.WhatToDo())
}
