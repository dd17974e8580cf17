package crm

import "unicode/utf8"

// Shorten cuts text to at most length bytes, between two characters: what a CRM
// says of itself has no length of its own, our columns have.
func Shorten(text string, length int) string {
	if len(text) <= length {
		return text
	}
	for length > 0 && !utf8.RuneStart(text[length]) {
		length--
	}
	return text[:length]
}
