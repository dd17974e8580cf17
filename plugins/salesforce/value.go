package salesforce

import (
	"bytes"
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
)

// A record's value looks the same whether it came by REST or by the Bulk API, so
// that the host recognises a record that it has. Salesforce writes numbers as 23
// or 23.0, times with +0000 or Z, and a compound field as an object or in parts.
// The one form is:
//
//	number    decimal digits, no exponent up to 10^21, no zeros after the last digit
//	dateTime  as REST has it: 2026-05-06T11:56:44.000+0000
//	compound  an object of the parts that have a value; null when none has
//	empty     null: Salesforce stores no empty text
//	other     text as it is, in the escaping of encoding/json without its HTML escapes

// null is JSON's.
const null = "null"

// canonical gives a value of a REST answer its one form.
func canonical(value json.RawMessage) json.RawMessage {
	switch {
	case len(value) == 0 || string(value) == `""`:
		return json.RawMessage(null)
	case value[0] == '"':
		if bytes.IndexByte(value, '\\') < 0 {
			return value
		}
		var text string
		if json.Unmarshal(value, &text) != nil {
			return value
		}
		return jsonText(text)
	case value[0] == '{':
		return canonicalCompound(value)
	case value[0] == '-' || value[0] >= '0' && value[0] <= '9':
		return canonicalNumber(string(value))
	default:
		return value
	}
}

// canonicalCompound leaves out the parts without a value.
func canonicalCompound(value json.RawMessage) json.RawMessage {
	var compound row
	if compound.UnmarshalJSON(value) != nil {
		return value
	}
	kept := compound.members[:0]
	for _, part := range compound.members {
		if part.value = canonical(part.value); string(part.value) != null {
			kept = append(kept, part)
		}
	}
	if compound.members = kept; len(kept) == 0 {
		return json.RawMessage(null)
	}
	return compound.object(func(string) bool { return true })
}

// canonicalNumber rewrites a number; what is none, or too large to be written
// out, stays.
func canonicalNumber(text string) json.RawMessage {
	if !strings.ContainsAny(text, ".eE+") {
		return json.RawMessage(text)
	}
	mantissa, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	power, err := strconv.Atoi("0" + strings.TrimLeft(exponent, "+-"))
	number, ok := new(big.Rat).SetString(mantissa)
	if !ok || err != nil || power > 21 || !json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	scale := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(power)), nil))
	if strings.HasPrefix(exponent, "-") {
		number.Quo(number, scale)
	} else {
		number.Mul(number, scale)
	}
	_, fraction, _ := strings.Cut(mantissa, ".")
	written := number.FloatString(len(fraction) + power)
	if strings.Contains(written, ".") {
		written = strings.TrimRight(strings.TrimRight(written, "0"), ".")
	}
	if written == "-0" {
		written = "0"
	}
	return json.RawMessage(written)
}

// jsonText encodes text without HTML escapes.
func jsonText(text string) json.RawMessage {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		// A string has no value that cannot be encoded.
		panic("salesforce: a text cannot be encoded: " + err.Error())
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}
