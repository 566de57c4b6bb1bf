.map a, hash, 4, 8, 1
.equ X, 5
l: r1 = a ll
if w1 s> X goto l
call ktime_get_ns#5
lock *(u64 *)(r1 +0) += r2
r0 = be16 r0
exit
