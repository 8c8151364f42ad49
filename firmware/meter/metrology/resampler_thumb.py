"""What the sample clock does with every sample, in the words of a processor with a floating-point unit.

See ring.py, which calls it and says what for; resampler.py has the formula. It is a module of its own since an
interpreter without an assembler, or for another processor, refuses it as a whole. `mpy-cross -march=armv7emsp`
(RP2350) compiles it; a test runs the result in an emulator and holds it against what runs elsewhere. The unit must be
an FPv5, as that of the Cortex-M33: the Cortex-M4 has no vmaxnm.

Each function takes an array of 32-bit words, its parameters; addresses are of the data of buffers, "factors" that of
an array of floats. The ring has six floats a sample, in the order of CHANNELS.
data() has instructions that MicroPython's assembler does not know by name; what they are stands beside them.
"""

import micropython


@micropython.asm_thumb
def take(r0):
    """Write counts, scaled, to the ring. Return the largest magnitude among them.

    0 counts  4 where to in the ring  8 samples  12 bytes a sample of the counts
    16 to 36 where in a sample each channel is, bytes  40 factors: six to multiply with, then six to subtract

    r1 counts  r2 ring  r3 samples  r4 step  r5 to r10 channels  s0 to s5 a sample  s6 to s17 factors  s18 largest
    """
    push({r8, r9, r10})
    data(2, 0xED2D, 0x8A04)  # vpush {s16-s19}
    ldr(r1, [r0, 0])
    ldr(r2, [r0, 4])
    ldr(r3, [r0, 8])
    ldr(r4, [r0, 12])
    ldr(r5, [r0, 16])
    ldr(r6, [r0, 20])
    ldr(r7, [r0, 24])
    data(2, 0xF8D0, 0x801C)  # ldr r8, [r0, 28]
    data(2, 0xF8D0, 0x9020)  # ldr r9, [r0, 32]
    data(2, 0xF8D0, 0xA024)  # ldr r10, [r0, 36]
    ldr(r0, [r0, 40])
    data(2, 0xEC90, 0x3A0C)  # vldmia r0, {s6-s17}
    mov(r0, 0)
    vmov(s18, r0)
    label(SAMPLE)
    data(2, 0xF851, 0xC005)  # ldr r12, [r1, r5]
    vmov(s0, r12)
    data(2, 0xF851, 0xC006)  # ldr r12, [r1, r6]
    vmov(s1, r12)
    data(2, 0xF851, 0xC007)  # ldr r12, [r1, r7]
    vmov(s2, r12)
    data(2, 0xF851, 0xC008)  # ldr r12, [r1, r8]
    vmov(s3, r12)
    data(2, 0xF851, 0xC009)  # ldr r12, [r1, r9]
    vmov(s4, r12)
    data(2, 0xF851, 0xC00A)  # ldr r12, [r1, r10]
    vmov(s5, r12)
    vcvt_f32_s32(s0, s0)
    vcvt_f32_s32(s1, s1)
    vcvt_f32_s32(s2, s2)
    vcvt_f32_s32(s3, s3)
    vcvt_f32_s32(s4, s4)
    vcvt_f32_s32(s5, s5)
    data(2, 0xEEF0, 0x9AC0)  # vabs s19, s0
    data(2, 0xFE89, 0x9A29)  # vmaxnm s18, s18, s19
    data(2, 0xEEF0, 0x9AE0)  # vabs s19, s1
    data(2, 0xFE89, 0x9A29)
    data(2, 0xEEF0, 0x9AC1)  # vabs s19, s2
    data(2, 0xFE89, 0x9A29)
    data(2, 0xEEF0, 0x9AE1)  # vabs s19, s3
    data(2, 0xFE89, 0x9A29)
    data(2, 0xEEF0, 0x9AC2)  # vabs s19, s4
    data(2, 0xFE89, 0x9A29)
    data(2, 0xEEF0, 0x9AE2)  # vabs s19, s5
    data(2, 0xFE89, 0x9A29)
    vmul(s0, s0, s6)
    vmul(s1, s1, s7)
    vmul(s2, s2, s8)
    vmul(s3, s3, s9)
    vmul(s4, s4, s10)
    vmul(s5, s5, s11)
    vsub(s0, s0, s12)
    vsub(s1, s1, s13)
    vsub(s2, s2, s14)
    vsub(s3, s3, s15)
    vsub(s4, s4, s16)
    vsub(s5, s5, s17)
    data(2, 0xECA2, 0x0A06)  # vstmia r2!, {s0-s5}
    add(r1, r1, r4)
    sub(r3, 1)
    bne(SAMPLE)
    vcvt_s32_f32(s18, s18)
    vmov(r0, s18)
    data(2, 0xECBD, 0x8A04)  # vpop {s16-s19}
    pop({r8, r9, r10})


@micropython.asm_thumb
def add_up(r0):
    """Add up the voltages of so many samples each.

    0 where in the ring  4 where to: three floats a sum  8 sums  12 samples to a sum

    r1 ring  r2 out  r3 sums  r4 samples to a sum  r5 of them left  s0 to s2 a sample  s3 to s5 a sum
    """
    ldr(r1, [r0, 0])
    ldr(r2, [r0, 4])
    ldr(r3, [r0, 8])
    ldr(r4, [r0, 12])
    mov(r0, 0)
    label(SUM)
    vmov(s3, r0)
    vmov(s4, r0)
    vmov(s5, r0)
    mov(r5, r4)
    label(SAMPLE)
    data(2, 0xECB1, 0x0A03)  # vldmia r1!, {s0-s2}
    vadd(s3, s3, s0)
    vadd(s4, s4, s1)
    vadd(s5, s5, s2)
    add(r1, 12)
    sub(r5, 1)
    bne(SAMPLE)
    data(2, 0xECE2, 0x1A03)  # vstmia r2!, {s3-s5}
    sub(r3, 1)
    bne(SUM)


@micropython.asm_thumb
def phasor(r0):
    """Form the reference's phasor over a window, and the largest magnitude of any phase: phase.reference().

    0 sums  4 weights, two a sum  8 sums in a window  12 where to: real part, imaginary part, largest

    r1 sums  r2 weights  r3 left  s0 to s2 a sum, then magnitudes  s3 s4 weights, then bound and scratch
    s5 to s10 real and imaginary part of A, B, C  s11 s12 result  s13 s14 candidate  s15 its magnitude
    """
    ldr(r1, [r0, 0])
    ldr(r2, [r0, 4])
    ldr(r3, [r0, 8])
    ldr(r0, [r0, 12])
    mov(r4, 0)
    vmov(s5, r4)
    vmov(s6, r4)
    vmov(s7, r4)
    vmov(s8, r4)
    vmov(s9, r4)
    vmov(s10, r4)
    label(SUM)
    data(2, 0xECB1, 0x0A03)  # vldmia r1!, {s0-s2}
    data(2, 0xECF2, 0x1A02)  # vldmia r2!, {s3-s4}
    data(2, 0xEEE0, 0x2A21)  # vfma s5, s0, s3
    data(2, 0xEEA0, 0x3A02)  # vfma s6, s0, s4
    data(2, 0xEEE0, 0x3AA1)  # vfma s7, s1, s3
    data(2, 0xEEA0, 0x4A82)  # vfma s8, s1, s4
    data(2, 0xEEE1, 0x4A21)  # vfma s9, s2, s3
    data(2, 0xEEA1, 0x5A02)  # vfma s10, s2, s4
    sub(r3, 1)
    bne(SUM)
    # The magnitudes.
    vmul(s0, s5, s5)
    data(2, 0xEEA3, 0x0A03)  # vfma s0, s6, s6
    vsqrt(s0, s0)
    vmul(s1, s7, s7)
    data(2, 0xEEE4, 0x0A04)  # vfma s1, s8, s8
    vsqrt(s1, s1)
    vmul(s2, s9, s9)
    data(2, 0xEEA5, 0x1A05)  # vfma s2, s10, s10
    vsqrt(s2, s2)
    vadd(s3, s0, s1)
    vadd(s3, s3, s2)
    movwt(r1, 0x3DCCCCCD)  # a tenth
    vmov(s4, r1)
    vmul(s3, s3, s4)
    data(2, 0xFE80, 0x0A20)  # vmaxnm s0, s0, s1
    data(2, 0xFE80, 0x0A01)  # vmaxnm s0, s0, s2
    vstr(s0, [r0, 8])
    # B - C, unless A + B + C is there, unless A - (B + C) / 2 is there.
    vsub(s11, s7, s9)
    vsub(s12, s8, s10)
    vadd(s0, s7, s9)
    vadd(s1, s8, s10)
    vadd(s13, s5, s0)
    vadd(s14, s6, s1)
    vmul(s15, s13, s13)
    data(2, 0xEEE7, 0x7A07)  # vfma s15, s14, s14
    vsqrt(s15, s15)
    vcmp(s15, s3)
    vmrs(APSR_nzcv, FPSCR)
    blt(ALPHA)
    data(2, 0xEEF0, 0x5A66)  # vmov s11, s13
    data(2, 0xEEB0, 0x6A47)  # vmov s12, s14
    label(ALPHA)
    movwt(r1, 0x3F000000)  # a half
    vmov(s4, r1)
    vmul(s0, s0, s4)
    vmul(s1, s1, s4)
    vsub(s13, s5, s0)
    vsub(s14, s6, s1)
    vmul(s15, s13, s13)
    data(2, 0xEEE7, 0x7A07)  # vfma s15, s14, s14
    vsqrt(s15, s15)
    vcmp(s15, s3)
    vmrs(APSR_nzcv, FPSCR)
    blt(DONE)
    data(2, 0xEEF0, 0x5A66)  # vmov s11, s13
    data(2, 0xEEB0, 0x6A47)  # vmov s12, s14
    label(DONE)
    vstr(s11, [r0, 0])
    vstr(s12, [r0, 4])


@micropython.asm_thumb
def resample(r0):
    """Interpolate six channels at evenly spaced positions, after moving the end of each row to its beginning.

    0 in the ring, two samples before the first position  4 end of the ring  8 its size  12 out, the first row
    16 positions  20 bytes to a row  24 factors: fraction of the first position, fraction of a step, then 1/120, 1/24,
    1/12, 1, 2, 3  28 whole samples of a step, bytes  32 out, behind the quarter that a row begins with

    The ring goes on for five samples behind its end with those it begins with.

    r0 the first of six samples  r1 fraction  r2 r3 step, fraction and bytes  r4 r8 to r11 r14 out  r5 positions left
    r6 end of the ring  r7 its size  r12 a sample
    s0 to s5 a sample  s6 to s11 sums  s12 to s17 weights  s18 to s23 constants  s24 fraction  s25 to s31 scratch
    """
    push({r8, r9, r10, r11})
    data(2, 0xED2D, 0x8A10)  # vpush {s16-s31}
    # The last quarter of the last half cycle to the beginning.
    ldr(r4, [r0, 12])
    ldr(r6, [r0, 16])
    lsl(r6, r6, 2)
    ldr(r5, [r0, 20])
    mov(r7, 6)
    label(ROW)
    mov(r1, r4)
    add(r2, r4, r6)
    mov(r3, 8)
    label(PIECE)
    data(2, 0xECB2, 0x0A10)  # vldmia r2!, {s0-s15}
    data(2, 0xECA1, 0x0A10)  # vstmia r1!, {s0-s15}
    sub(r3, 1)
    bne(PIECE)
    add(r4, r4, r5)
    sub(r7, 1)
    bne(ROW)
    # Where the six rows go on.
    ldr(r4, [r0, 32])
    data(2, 0xEB04, 0x0805)  # add r8, r4, r5
    data(2, 0xEB08, 0x0905)  # add r9, r8, r5
    data(2, 0xEB09, 0x0A05)  # add r10, r9, r5
    data(2, 0xEB0A, 0x0B05)  # add r11, r10, r5
    data(2, 0xEB0B, 0x0E05)  # add r14, r11, r5
    ldr(r1, [r0, 24])
    data(2, 0xEC91, 0x8A08)  # vldmia r1, {s16-s23}
    data(2, 0xEEBF, 0x8AC0)  # vcvt.u32.f32 s16, s16, #32
    data(2, 0xEEFF, 0x8AC0)  # vcvt.u32.f32 s17, s17, #32
    vmov(r1, s16)
    vmov(r2, s17)
    ldr(r3, [r0, 28])
    ldr(r5, [r0, 16])
    ldr(r6, [r0, 4])
    ldr(r7, [r0, 8])
    ldr(r0, [r0, 0])
    label(POSITION)
    vmov(s24, r1)
    data(2, 0xEEBB, 0xCAC0)  # vcvt.f32.u32 s24, s24, #32
    # The factors mu + 2, mu + 1, mu, mu - 1, mu - 2, mu - 3; products of those on either side.
    vadd(s25, s24, s22)
    vadd(s26, s24, s21)
    vsub(s27, s24, s21)
    vsub(s28, s24, s22)
    vsub(s29, s24, s23)
    vmul(s0, s25, s26)
    vmul(s1, s28, s29)
    vmul(s30, s0, s24)
    vmul(s31, s1, s27)
    vmul(s2, s31, s24)
    vmul(s3, s30, s27)
    # The weights.
    vmul(s12, s2, s26)
    data(2, 0xEE26, 0x6A49)  # vnmul s12, s12, s18
    vmul(s13, s2, s25)
    vmul(s13, s13, s19)
    vmul(s14, s0, s31)
    data(2, 0xEE27, 0x7A4A)  # vnmul s14, s14, s20
    vmul(s15, s30, s1)
    vmul(s15, s15, s20)
    vmul(s16, s3, s29)
    data(2, 0xEE28, 0x8A69)  # vnmul s16, s16, s19
    vmul(s17, s3, s28)
    vmul(s17, s17, s18)
    # Six samples, all channels of each at once.
    mov(r12, r0)
    data(2, 0xECBC, 0x0A06)  # vldmia r12!, {s0-s5}
    vmul(s6, s0, s12)
    vmul(s7, s1, s12)
    vmul(s8, s2, s12)
    vmul(s9, s3, s12)
    vmul(s10, s4, s12)
    vmul(s11, s5, s12)
    data(2, 0xECBC, 0x0A06)
    data(2, 0xEEA0, 0x3A26, 0xEEE0, 0x3AA6)  # vfma s6, s0, s13; vfma s7, s1, s13
    data(2, 0xEEA1, 0x4A26, 0xEEE1, 0x4AA6)  # vfma s8, s2, s13; vfma s9, s3, s13
    data(2, 0xEEA2, 0x5A26, 0xEEE2, 0x5AA6)  # vfma s10, s4, s13; vfma s11, s5, s13
    data(2, 0xECBC, 0x0A06)
    data(2, 0xEEA0, 0x3A07, 0xEEE0, 0x3A87)  # with s14
    data(2, 0xEEA1, 0x4A07, 0xEEE1, 0x4A87)
    data(2, 0xEEA2, 0x5A07, 0xEEE2, 0x5A87)
    data(2, 0xECBC, 0x0A06)
    data(2, 0xEEA0, 0x3A27, 0xEEE0, 0x3AA7)  # with s15
    data(2, 0xEEA1, 0x4A27, 0xEEE1, 0x4AA7)
    data(2, 0xEEA2, 0x5A27, 0xEEE2, 0x5AA7)
    data(2, 0xECBC, 0x0A06)
    data(2, 0xEEA0, 0x3A08, 0xEEE0, 0x3A88)  # with s16
    data(2, 0xEEA1, 0x4A08, 0xEEE1, 0x4A88)
    data(2, 0xEEA2, 0x5A08, 0xEEE2, 0x5A88)
    data(2, 0xECBC, 0x0A06)
    data(2, 0xEEA0, 0x3A28, 0xEEE0, 0x3AA8)  # with s17
    data(2, 0xEEA1, 0x4A28, 0xEEE1, 0x4AA8)
    data(2, 0xEEA2, 0x5A28, 0xEEE2, 0x5AA8)
    data(2, 0xECA4, 0x3A01)  # vstmia r4!, {s6}
    data(2, 0xECE8, 0x3A01)  # vstmia r8!, {s7}
    data(2, 0xECA9, 0x4A01)  # vstmia r9!, {s8}
    data(2, 0xECEA, 0x4A01)  # vstmia r10!, {s9}
    data(2, 0xECAB, 0x5A01)  # vstmia r11!, {s10}
    data(2, 0xECEE, 0x5A01)  # vstmia r14!, {s11}
    # A step further, around the end of the ring.
    add(r1, r1, r2)
    it(cs)
    add(r0, 24)
    add(r0, r0, r3)
    cmp(r0, r6)
    it(cs)
    sub(r0, r0, r7)
    sub(r5, 1)
    bne_w(POSITION)
    data(2, 0xECBD, 0x8A10)  # vpop {s16-s31}
    pop({r8, r9, r10, r11})
