// Package notify tests the sending of alerts (internal/notify) against real servers on
// loopback that behave and misbehave (test/internal/sink).
package notify
