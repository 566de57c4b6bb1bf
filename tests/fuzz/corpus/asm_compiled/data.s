	.section .BTF,"",@progbits
	.short 60319
	.byte 1
	.long name
	.long .L2-.L1
	.text
	.type f,@function
f:
	r1 = name+4 ll
	call f
	exit
	.comm shared,24,8
	.data
name:
	.ascii "a\001\"b", "c"
	.p2align 3
at:
	.quad name+4, -1, 0x10
	.zero 5
	.section .debug_info,"",@progbits
	.uleb128 3
