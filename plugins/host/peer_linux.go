package host

import (
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// peerChecked says that checkPeer does check.
const peerChecked = true

// checkPeer refuses a socket that another process than the connector with the
// process group pgid, or another user, listens on.
func checkPeer(conn *net.UnixConn, pgid int) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var credentials *unix.Ucred
	var credentialsErr error
	err = raw.Control(func(fd uintptr) {
		credentials, credentialsErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err != nil || credentialsErr != nil {
		return fmt.Errorf("reading who listens on the connector's socket: %w", firstError(err, credentialsErr))
	}
	if int(credentials.Uid) != os.Geteuid() {
		return fmt.Errorf("user %d listens on the connector's socket", credentials.Uid)
	}
	if group, err := unix.Getpgid(int(credentials.Pid)); err != nil || group != pgid {
		return fmt.Errorf("process %d, which is not the connector, listens on its socket", credentials.Pid)
	}
	return nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
