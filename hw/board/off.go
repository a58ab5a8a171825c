package board

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

const offLimit = 10 * time.Second

// PowerOff asks the system to end all programs and to switch the computer off, as `systemctl poweroff` does, which knows
// whom to ask. It returns when that was accepted. The user of the program must be allowed to: by polkit's rule for
// org.freedesktop.login1.power-off, or as root.
func PowerOff(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, offLimit)
	defer cancel()
	out, err := exec.CommandContext(ctx, "systemctl", "--no-ask-password", "poweroff").CombinedOutput()
	if err != nil {
		return fmt.Errorf("switch the computer off: %w: %s; all is closed, it can be unplugged", err, strings.TrimSpace(string(out)))
	}
	return nil
}
