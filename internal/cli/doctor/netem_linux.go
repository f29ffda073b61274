package doctor

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"
)

// slowNetwork gives this container's own loopback interface a queue of sch_netem, as `tc qdisc add dev lo root netem`
// does.
func slowNetwork() error {
	s, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return fmt.Errorf("open a netlink socket: %w", err)
	}
	defer unix.Close(s)
	if err := unix.Sendto(s, netemRequest(), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return fmt.Errorf("ask the kernel for netem: %w", err)
	}
	answer := make([]byte, 4096)
	n, _, err := unix.Recvfrom(s, answer, 0)
	if err != nil {
		return fmt.Errorf("ask the kernel for netem: %w", err)
	}
	if n < unix.SizeofNlMsghdr+4 {
		return fmt.Errorf("the kernel's answer has %d bytes", n)
	}
	if code := int32(binary.NativeEndian.Uint32(answer[unix.SizeofNlMsghdr:])); code != 0 {
		return fmt.Errorf("the kernel gives no netem: %w", unix.Errno(-code))
	}
	return nil
}

// netemRequest is RTM_NEWQDISC with a tcmsg for lo's root, the kind netem, and no delay.
func netemRequest() []byte {
	u16, u32 := binary.NativeEndian.AppendUint16, binary.NativeEndian.AppendUint32
	attribute := func(b []byte, kind uint16, value []byte) []byte {
		b = append(u16(u16(b, uint16(4+len(value))), kind), value...)
		return append(b, make([]byte, (4-len(value)%4)%4)...)
	}
	const lo, root, tcaKind, tcaOptions = 1, 0xFFFFFFFF, 1, 2
	body := u32(u32(u32(u32(u32(nil, unix.AF_UNSPEC), lo), 0), root), 0)
	body = attribute(body, tcaKind, []byte("netem\x00"))
	options := u32(u32(nil, 0), 1000) // latency, limit
	for range 4 {                     // loss, gap, duplicate, jitter
		options = u32(options, 0)
	}
	body = attribute(body, tcaOptions, options)
	head := u32(nil, uint32(unix.SizeofNlMsghdr+len(body)))
	head = u16(u16(head, unix.RTM_NEWQDISC), unix.NLM_F_REQUEST|unix.NLM_F_ACK|unix.NLM_F_CREATE|unix.NLM_F_EXCL)
	return append(u32(u32(head, 1), 0), body...)
}
