package boot

import (
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	for config, want := range map[string]Files{
		"": {"kernel8.img", "", "cmdline.txt"},
		"# os_prefix=a/\nos_prefix=b/\r\nkernel=vmlinuz\ninitramfs initrd.img followkernel\n": {"b/vmlinuz", "b/initrd.img", "b/cmdline.txt"},
		"initramfs\nkernel=k\ncmdline=c\n": {"k", "", "c"},
	} {
		if got := Choose(config); got != want {
			t.Errorf("Choose(%q) = %+v, want %+v", config, got, want)
		}
	}
}

func FuzzChoose(f *testing.F) {
	f.Add("os_prefix=a/\nkernel=vmlinuz\ninitramfs initrd.img followkernel\n")
	f.Fuzz(func(t *testing.T, config string) {
		for _, name := range []string{Choose(config).Kernel, Choose(config).Cmdline} {
			if strings.Contains(name, "\n") {
				t.Errorf("a name of two lines: %q", name)
			}
		}
	})
}
