"""The harmonics' transform in the words of a processor with a floating-point unit: 512 points in some 60,000.

A complex transform takes two real waves at once, one as the real and one as the imaginary part. It is a module of its
own, and what its words mean is tested, as in kernel_thumb.
"""

import micropython


@micropython.asm_thumb
def spread(r0):
    """Lay two rows of 512 floats out as complex numbers, in the order that transform() begins with.

    0 real parts  4 imaginary parts  8 complex numbers

        r1 real  r2 imaginary  r3 complex  r4 number  r5 its place, the number with its nine bits reversed
    """
    ldr(r1, [r0, 0])
    ldr(r2, [r0, 4])
    ldr(r3, [r0, 8])
    mov(r4, 0)
    label(NEXT)
    rbit(r5, r4)
    lsr(r5, r5, 23)
    lsl(r5, r5, 3)
    add(r5, r5, r3)
    ldr(r6, [r1, 0])
    ldr(r7, [r2, 0])
    str(r6, [r5, 0])
    str(r7, [r5, 4])
    add(r1, 4)
    add(r2, 4)
    add(r4, 1)
    lsr(r5, r4, 9)
    beq(NEXT)


@micropython.asm_thumb
def transform(r0):
    """The discrete Fourier transform of 512 complex numbers, in place, by Cooley and Tukey's way: halves in turns.

    0 complex numbers, as spread() lays them out  4 carrier: cosine and negative sine of half a turn's 256 steps

        r0 from one pair to the next, bytes  r1 r2 a pair  r3 the first one's first  r4 how far apart they are
        r5 from one carrier to the next  r6 carrier  r7 behind the last number  r12 behind the last carrier
        lr parameters  s0 s1 carrier  s2 s3 s4 s5 the pair  s6 s7 the second one, turned
    """
    mov(lr, r0)
    ldr(r7, [r0, 0])
    movw(r6, 4096)
    add(r7, r7, r6)
    ldr(r5, [r0, 4])
    movw(r6, 2048)
    add(r5, r5, r6)
    mov(r12, r5)
    mov(r5, r6)
    mov(r4, 8)
    label(STAGE)
    mov(r0, lr)
    ldr(r3, [r0, 0])
    ldr(r6, [r0, 4])
    label(TURN)
    vldr(s0, [r6, 0])
    vldr(s1, [r6, 4])
    mov(r1, r3)
    add(r2, r1, r4)
    lsl(r0, r4, 1)
    label(PAIR)
    vldr(s4, [r2, 0])
    vldr(s5, [r2, 4])
    vldr(s2, [r1, 0])
    vldr(s3, [r1, 4])
    vmul(s6, s4, s0)
    vmul(s7, s4, s1)
    data(2, 0xEEA2, 0x3AE0)  # vfms(s6, s5, s1)
    data(2, 0xEEE2, 0x3A80)  # vfma(s7, s5, s0)
    vsub(s4, s2, s6)
    vsub(s5, s3, s7)
    vadd(s2, s2, s6)
    vadd(s3, s3, s7)
    vstr(s4, [r2, 0])
    vstr(s5, [r2, 4])
    vstr(s2, [r1, 0])
    vstr(s3, [r1, 4])
    add(r2, r2, r0)
    add(r1, r1, r0)
    cmp(r1, r7)
    bcc(PAIR)
    add(r3, 8)
    add(r6, r6, r5)
    mov(r0, r12)
    cmp(r6, r0)
    bne(TURN)
    lsl(r4, r4, 1)
    lsr(r5, r5, 1)
    cmp(r5, 4)
    bne(STAGE)


@micropython.asm_thumb
def squares(r0):
    """The sums of the squares of some lines of both waves, every second one: four times |X|**2.

    0 the first line's number, complex  4 that of its negative frequency, as many before the end  8 lines
    12 two floats: of the wave that was the real part, and of the other

        r1 r2 numbers  r3 lines left  s0 s1 sums  s2 s3 s4 s5 the two numbers  s6 scratch
    """
    ldr(r1, [r0, 0])
    ldr(r2, [r0, 4])
    ldr(r3, [r0, 8])
    mov(r4, 0)
    vmov(s0, r4)
    vmov(s1, r4)
    label(LINE)
    vldr(s2, [r1, 0])
    vldr(s3, [r1, 4])
    vldr(s4, [r2, 0])
    vldr(s5, [r2, 4])
    vadd(s6, s2, s4)
    data(2, 0xEEA3, 0x0A03)  # vfma(s0, s6, s6)
    vsub(s6, s3, s5)
    data(2, 0xEEA3, 0x0A03)  # vfma(s0, s6, s6)
    vadd(s6, s3, s5)
    data(2, 0xEEE3, 0x0A03)  # vfma(s1, s6, s6)
    vsub(s6, s4, s2)
    data(2, 0xEEE3, 0x0A03)  # vfma(s1, s6, s6)
    add(r1, 16)
    sub(r2, 16)
    sub(r3, 1)
    bne(LINE)
    ldr(r1, [r0, 12])
    vstr(s0, [r1, 0])
    vstr(s1, [r1, 4])
