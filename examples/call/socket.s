; SPDX-License-Identifier: MIT
; socket.s - bpfcap -f tcp_rcv_established@2 --call socket.s: with each segment, its socket's state (1:
; established; one byte), the bytes that the socket holds for the program to read, and those of its
; backlog (4 bytes each, in the machine's order).
	.equ OUT_LEN, 20
	.equ SK, 32		; args[0] of tcp_rcv_established(struct sock *, ...)
	.equ OUT, 80
	; Offsets in struct sock. The state is at 18 from Linux 5.4 to 7.x. The others are those of
	; 5.4 and 5.10 on 64-bit machines; `pahole -C sock vmlinux` prints them for another kernel.
	.equ STATE, 18		; __sk_common.skc_state
	.equ HELD, 232		; sk_backlog.rmem_alloc, and after it sk_backlog.len

	r6 = r1
	r7 = *(u64 *)(r6 + SK)
	r1 = r6
	r1 += OUT
	r2 = 1
	r3 = r7
	r3 += STATE
	call probe_read
	r1 = r6
	r1 += OUT + 1
	r2 = 8
	r3 = r7
	r3 += HELD
	call probe_read
	r1 = 9
	*(u32 *)(r6 + OUT_LEN) = r1
	r0 = 1			; keep
	exit
