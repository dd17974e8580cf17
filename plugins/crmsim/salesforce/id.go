package salesforce

import "strings"

// idDigits are in ASCII order, so that ids compare as text in the order they were made.
const idDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// idPod stands between the object's key prefix and the running number, where real ids name the server.
const idPod = "8Z00000"

// recordIDOf makes the 18-character id of the n-th record (from 0) of the object with this three-character prefix.
func recordIDOf(prefix string, n int) string {
	var tail [5]byte
	for i := len(tail) - 1; i >= 0; i-- {
		tail[i] = idDigits[n%len(idDigits)]
		n /= len(idDigits)
	}
	return id18(prefix + idPod + string(tail[:]))
}

// recordNumber is the inverse of recordIDOf for 15- and 18-character ids; ok is false for any other text.
func recordNumber(prefix, id string) (n int, ok bool) {
	id15, ok := id15Of(id)
	if !ok || !strings.HasPrefix(id15, prefix+idPod) {
		return 0, false
	}
	for _, c := range []byte(id15[len(prefix)+len(idPod):]) {
		digit := strings.IndexByte(idDigits, c)
		if digit < 0 {
			return 0, false
		}
		n = n*len(idDigits) + digit
	}
	return n, true
}

// id18 adds the three-letter checksum that makes a case-sensitive 15-character id safe where case is lost: each
// letter encodes which of five characters are upper case.
func id18(id15 string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
	checksum := make([]byte, 0, 3)
	for group := 0; group < 15; group += 5 {
		bits := 0
		for i := range 5 {
			if c := id15[group+i]; c >= 'A' && c <= 'Z' {
				bits |= 1 << i
			}
		}
		checksum = append(checksum, letters[bits])
	}
	return id15 + string(checksum)
}

// id15Of checks a 15- or 18-character id and gives its first 15 characters, by which ids are compared.
func id15Of(id string) (string, bool) {
	if len(id) != 15 && len(id) != 18 {
		return "", false
	}
	for _, c := range []byte(id) {
		if strings.IndexByte(idDigits, c) < 0 {
			return "", false
		}
	}
	if len(id) == 18 && id18(id[:15]) != id {
		return "", false
	}
	return id[:15], true
}
