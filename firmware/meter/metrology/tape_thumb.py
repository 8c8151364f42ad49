"""tape.run_plain() in the words of a processor with a floating-point unit: some twenty instructions an operation.

It is a module of its own since an interpreter without an assembler, or for another processor, refuses it as a whole.
`mpy-cross -march=armv7emsp` (RP2350) compiles it; a test runs the result in an emulator.

    0 words of the tape  4 behind them  8 registers of the tape

    r0 word  r1 behind the last  r2 registers  r3 a word, then its operation  r4 mask of a register's place
    r5 scratch  r6 where the result goes  s0 s1 operands, then the result
"""

import micropython


@micropython.asm_thumb
def run(r0):
    ldr(r1, [r0, 4])
    ldr(r2, [r0, 8])
    ldr(r0, [r0, 0])
    movw(r4, 0x7FC)
    b(NEXT)
    label(WORD)
    ldr(r3, [r0, 0])
    add(r0, 4)
    # Numbers of registers, times four.
    lsl(r5, r3, 2)
    and_(r5, r4)
    add(r5, r5, r2)
    vldr(s0, [r5, 0])
    lsr(r5, r3, 7)
    and_(r5, r4)
    add(r5, r5, r2)
    vldr(s1, [r5, 0])
    lsr(r6, r3, 16)
    and_(r6, r4)
    add(r6, r6, r2)
    lsr(r3, r3, 27)
    cmp(r3, 2)
    bhi(RARE)
    beq(MUL)
    cmp(r3, 1)
    beq(SUB)
    vadd(s0, s0, s1)
    vstr(s0, [r6, 0])
    b(NEXT)
    label(SUB)
    vsub(s0, s0, s1)
    vstr(s0, [r6, 0])
    b(NEXT)
    label(MUL)
    vmul(s0, s0, s1)
    vstr(s0, [r6, 0])
    label(NEXT)
    cmp(r0, r1)
    bne(WORD)
    b(END)
    label(RARE)
    cmp(r3, 4)
    beq(STEP)
    bhi(ROOT)
    # As max() of Python: b where it is greater.
    vcmp(s1, s0)
    vmrs(APSR_nzcv, FPSCR)
    ble(STORE)
    vstr(s1, [r6, 0])
    b(NEXT)
    label(ROOT)
    vsqrt(s0, s0)
    label(STORE)
    vstr(s0, [r6, 0])
    b(NEXT)
    label(STEP)
    mov(r3, 0)
    vmov(s1, r3)
    vcmp(s0, s1)
    vmrs(APSR_nzcv, FPSCR)
    blt(NONE)
    movwt(r3, 0x3F800000)
    label(NONE)
    str(r3, [r6, 0])
    b(NEXT)
    label(END)
