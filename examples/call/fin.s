; SPDX-License-Identifier: MIT
; fin.s - bpfcap --call fin.s tcp: keeps the TCP segments with FIN, and writes their sequence number.
; For IPv4 over Ethernet. The offsets from r1 are those of docs/call.md.
	.equ OUT_LEN, 20
	.equ OUT, 80
	.equ ETH, 144		; the packet
	.equ IP, ETH + 14

	r0 = 0			; drop
	r2 = *(u16 *)(r1 + ETH + 12)
	r2 = be16 r2
	if r2 != 0x800 goto end
	r2 = *(u8 *)(r1 + IP)	; length of the IP header in words
	r2 &= 15
	r2 <<= 2
	r2 += r1		; r2 + IP: the TCP header
	r3 = *(u8 *)(r2 + IP + 13)
	r3 &= 1			; FIN
	if r3 == 0 goto end
	r3 = *(u16 *)(r2 + IP + 4)	; may not be aligned to 4 bytes
	*(u16 *)(r1 + OUT) = r3
	r3 = *(u16 *)(r2 + IP + 6)
	*(u16 *)(r1 + OUT + 2) = r3
	r3 = 4
	*(u32 *)(r1 + OUT_LEN) = r3
	r0 = 1			; keep
end:	exit
