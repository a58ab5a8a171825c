// Package boot starts the image of the card, as it is, in a virtual machine, and sees that a box comes up in it. The
// test wants an image and minutes, so it runs by `make test-image` alone. What is here is the part of the Raspberry
// Pi's firmware that the machine lacks: finding the system to start.
package boot

import "strings"

// Files are those that the firmware hands to the processor, as paths on the first partition.
type Files struct{ Kernel, Initrd, Cmdline string }

// Choose reads config.txt as the firmware does, as far as the image uses it: os_prefix goes in front of every name.
// Sections are not told apart; the image has none that changes a name.
func Choose(config string) Files {
	prefix, f := "", Files{"kernel8.img", "", "cmdline.txt"}
	for line := range strings.Lines(config) {
		line = strings.TrimSpace(line)
		key, value, _ := strings.Cut(line, "=")
		switch key {
		case "os_prefix":
			prefix = value
		case "kernel":
			f.Kernel = value
		case "cmdline":
			f.Cmdline = value
		}
		if words := strings.Fields(line); len(words) > 1 && words[0] == "initramfs" {
			f.Initrd = words[1]
		}
	}
	f.Kernel, f.Cmdline = prefix+f.Kernel, prefix+f.Cmdline
	if f.Initrd != "" {
		f.Initrd = prefix + f.Initrd
	}
	return f
}
