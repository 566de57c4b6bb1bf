	.text
	.file	"a7.c"
	.globl	helper                          # -- Begin function helper
	.p2align	3
	.type	helper,@function
helper:                                 # @helper
# %bb.0:
	r2 = r1
	r2 &= 3
	r2 <<= 2
	r3 = table ll
	r3 += r2
	r0 = *(u32 *)(r3 + 0)
	r0 *= r1
	r1 = counter ll
	r1 = *(u32 *)(r1 + 0)
	r0 += r1
	exit
.Lfunc_end0:
	.size	helper, .Lfunc_end0-helper
                                        # -- End function
	.section	"cgroup/connect4","ax",@progbits
	.globl	prog                            # -- Begin function prog
	.p2align	3
	.type	prog,@function
prog:                                   # @prog
# %bb.0:
	r1 = zeros ll
	r2 = *(u8 *)(r1 + 3)
	r2 += 1
	*(u8 *)(r1 + 3) = r2
	r1 = 1
	call helper
	r6 = r0
	r1 = 2
	call outside
	r6 += r0
	r6 += 9
	r0 = r6
	exit
.Lfunc_end1:
	.size	prog, .Lfunc_end1-prog
                                        # -- End function
	.type	table,@object                   # @table
	.data
	.globl	table
	.p2align	2
table:
	.long	1                               # 0x1
	.long	2                               # 0x2
	.long	3                               # 0x3
	.long	4                               # 0x4
	.size	table, 16

	.type	name,@object                    # @name
	.section	.rodata,"a",@progbits
	.globl	name
name:
	.asciz	"a\tname\n"
	.size	name, 8

	.type	counter,@object                 # @counter
	.data
	.p2align	2
counter:
	.long	3                               # 0x3
	.size	counter, 4

	.type	zeros,@object                   # @zeros
	.section	.bss,"aw",@nobits
	.globl	zeros
zeros:
	.zero	32
	.size	zeros, 32

	.type	o,@object                       # @o
	.section	.struct_ops,"aw",@progbits
	.globl	o
	.p2align	3
o:
	.quad	helper
	.quad	5                               # 0x5
	.size	o, 16

	.type	lic,@object                     # @lic
	.section	license,"aw",@progbits
	.globl	lic
lic:
	.asciz	"GPL"
	.size	lic, 4

	.type	common,@object                  # @common
	.section	.bss,"aw",@nobits
	.globl	common
	.p2align	2
common:
	.long	0                               # 0x0
	.size	common, 4

	.addrsig
	.addrsig_sym helper
	.addrsig_sym counter
