package host_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/plugins/host"
	connectorv1 "github.com/fieldwarden/fieldwarden/plugins/proto/fieldwarden/connector/v1"
)

// sdkCodes reads the codes out of the SDK's source: Go cannot list constants.
func sdkCodes(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../sdk/errors.go", nil, 0)
	require.NoError(t, err)
	var codes []string
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Code") {
			return true
		}
		code, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		require.NoError(t, err)
		codes = append(codes, code)
		return true
	})
	return codes
}

// hostMade are the codes that the host says of a connector or a CRM; no connector
// may send them.
func hostMade() []fault.Code {
	return []fault.Code{
		fault.ConnectorNotFound, fault.ConnectorNotExecutable, fault.ConnectorChecksum, fault.ConnectorProtocol, fault.ConnectorStart,
		fault.ConnectorCrashed, fault.ConnectorTimeout, fault.ConnectorAnswer, fault.ConnectorQuarantined, fault.RecordRefused, fault.OAuthDenied, fault.CRMGrantRevoked,
	}
}

// The protocol's enum is what the SDK's codes and the host's list follow.
func TestErrorCodesAreTheSameOnBothSides(t *testing.T) {
	t.Parallel()
	var wire []string
	for number, name := range connectorv1.ErrorCode_name {
		if number == 0 {
			continue
		}
		code := strings.TrimPrefix(name, "ERROR_CODE_")
		wire = append(wire, code)
		info, listed := fault.Lookup(fault.Code(code))
		require.True(t, listed, "%s is not in the host's list", code)
		require.NotEqual(t, fault.Host, info.Side, "%s is on the host's side", code)
		require.Equal(t, fault.Code(code), host.CodeOf(connectorv1.ErrorCode(number)))
	}
	require.ElementsMatch(t, wire, sdkCodes(t))
	// The host's list has nothing on their sides but what they may say and what the
	// host itself says of them.
	for _, info := range fault.Codes() {
		if info.Side != fault.Host && !slices.Contains(wire, string(info.Code)) {
			require.Contains(t, hostMade(), info.Code, "%s is neither in the protocol nor made by the host", info.Code)
		}
	}
	for _, code := range hostMade() {
		require.NotContains(t, wire, string(code), "connectors may say %s", code)
		info, listed := fault.Lookup(code)
		require.True(t, listed && info.Side != fault.Host, "%s", code)
	}
	require.Equal(t, fault.ConnectorInternal, host.CodeOf(0))
	require.Equal(t, fault.ConnectorInternal, host.CodeOf(999), "a code of a later version")
}
