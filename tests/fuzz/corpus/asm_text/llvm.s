# Instructions in LLVM's notation up to cpu v3: clang and bpfasm must make the same bytes of it.
	.text
	.globl	entry
entry:
	r0 = 0
	r1 = -1
	r2 = 2147483647
	w3 = -2147483648
	r1 = 0x1122334455667788 ll
	r9 = -1 ll
	r1 += r2
	r1 += 7
	w1 += w2
	w1 += 7
	r1 -= r2
	r1 -= -7
	w1 *= w2
	r1 *= 3
	r1 /= r2
	w1 /= 3
	r1 |= r2
	w1 |= 255
	r1 &= r2
	w1 &= -256
	r1 <<= r2
	r1 <<= 63
	w1 <<= 31
	r1 >>= r2
	w1 >>= 1
	r1 ^= r2
	w1 ^= -1
	r1 s>>= r2
	w1 s>>= 5
	r1 = r2
	w1 = w2
	r1 = -r1
	w1 = -w1
	r1 = be16 r1
	r2 = be32 r2
	r3 = be64 r3
	r4 = le16 r4
	r5 = le32 r5
	r6 = le64 r6
	r1 = *(u8 *)(r2 + 0)
	r1 = *(u16 *)(r2 + 2)
	r1 = *(u32 *)(r2 - 4)
	r1 = *(u64 *)(r10 - 8)
	w1 = *(u8 *)(r2 + 1)
	w1 = *(u16 *)(r2 + 32767)
	w1 = *(u32 *)(r2 - 32768)
	*(u8 *)(r1 + 0) = r2
	*(u16 *)(r1 + 2) = r2
	*(u32 *)(r10 - 4) = r2
	*(u64 *)(r10 - 8) = r2
	*(u8 *)(r1 + 0) = w2
	*(u32 *)(r1 + 4) = w2
	lock *(u32 *)(r1 + 4) += r2
	lock *(u64 *)(r1 + 8) += r2
	lock *(u64 *)(r1 + 8) &= r2
	lock *(u64 *)(r1 + 8) |= r2
	lock *(u64 *)(r1 + 8) ^= r2
	r0 = *(u8 *)skb[12]
	r0 = *(u16 *)skb[12]
	r0 = *(u32 *)skb[26]
	r0 = *(u8 *)skb[r7]
	r0 = *(u16 *)skb[r7]
	r0 = *(u32 *)skb[r7]
back:
	if r1 == r2 goto back
	if r1 != 5 goto back
	if r1 > r2 goto ahead
	if r1 >= -5 goto ahead
	if r1 < r2 goto +0
	if r1 <= 5 goto -1
	if r1 s> r2 goto ahead
	if r1 s>= -5 goto ahead
	if r1 s< r2 goto ahead
	if r1 s<= 5 goto ahead
	if w1 == w2 goto back
	if w1 != 5 goto back
	if w1 > w2 goto ahead
	if w1 s>= -5 goto ahead
	goto ahead
	goto +1
	goto -2
ahead:
	call 1
	call 113
	exit
