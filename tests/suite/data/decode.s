# decode.s - instructions that are hard to decode and rare in programs, for suite_decode.py.
        .text
start:
        # prefixes: their order, those that do nothing, REX that counts and REX that does not
        nop
        pause
        endbr64
        .byte 0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0
        .byte 0x66, 0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8
        lock cmpxchg16b (%rdi)
        lock incl %fs:(%rsp)
        lock xaddb %spl, (%r12)
        xacquire lock orl $1, (%rbx)
        repz cmpsb
        mov %ah, %cl
        mov %spl, %cl
        mov %fs:0x28, %rax
        mov %gs:(%rax,%rbx,8), %ecx
        addr32 mov (%eax), %ecx
        addr32 mov -4(%r12d,%r9d,4), %r8
        .byte 0x48, 0x8d, 0x04, 0x64
        .byte 0x48, 0x8d, 0x04, 0x26
        mov 0x1234, %eax
        mov 4(,%rbx,8), %eax
        # immediates
        test $1, %al
        testb $1, (%rax)
        testw $0x1234, start(%rip)
        testq $-1, 8(%rsp)
        not %ecx
        neg %spl
        movw $0x1234, (%r13)
        movabs $0x123456789abcdef0, %r11
        movabs 0x123456789abcdef0, %al
        movabs %rax, 0x123456789abcdef0
        addr32 mov %eax, 0x12345678
        addr32 movabs 0x87654321, %al
        pushw $1
        push $-1
        push $0x12345
        imulw $300, %cx, %dx
        imul $3, start(%rip), %rdx
        shld $3, %eax, (%rcx)
        shrd %cl, %rax, %rcx
        btsq $40, start(%rip)
        enter $32, $1
        leave
        extrq $1, $2, %xmm3
        extrq %xmm1, %xmm2
        insertq $3, $4, %xmm1, %xmm2
        insertq %xmm1, %xmm2
        pinsrw $1, %esp, %xmm3
        pextrw $1, %xmm3, %esp
        pextrb $2, %xmm4, start(%rip)
        palignr $1, start(%rip), %xmm1
        crc32b %spl, %ecx
        movbe %rax, start(%rip)
        cvtsi2sd %rsp, %xmm4
        cvtsi2sdl 4(%rsp), %xmm4
        cvttsd2si %xmm4, %rsp
        cvtpi2ps %mm4, %xmm4
        movq %rsp, %xmm4
        movq %xmm4, %xmm4
        rdfsbase %rsp
        lfence
        ptwrite %rsp
        mov %cr4, %rsp
        pfadd start(%rip), %mm1
        fstcw (%rsp)
        fnstenv start(%rip)
        xsavec64 start(%rip)
        movdir64b start(%rip), %rsp
        enqcmd (%rsp), %rax
        # VEX, XOP, AMX
        vzeroupper
        vpalignr $1, start(%rip), %ymm1, %ymm2
        vpgatherdd %xmm1, 4(%rsp,%xmm4,4), %xmm2
        vgatherqpd %ymm1, (%r12,%ymm12,8), %ymm2
        andn %rsp, %rax, %rcx
        rorx $5, start(%rip), %rcx
        bextr %rsp, (%rax), %rcx
        blsr %rax, %rsp
        bextr $0x12345678, start(%rip), %rax
        vprotb $1, start(%rip), %xmm1
        vpermil2pd $1, %xmm1, %xmm2, %xmm3, %xmm4
        vfmaddss %xmm1, start(%rip), %xmm3, %xmm4
        llwpcb %rsp
        lwpval $1, (%rsp), %rax
        kmovd %esp, %k1
        kmovq %k1, start(%rip)
        tileloadd (%rsp,%rax,1), %tmm1
        # EVEX
        vpcmpeqb %zmm1, %zmm2, %k3{%k4}
        vpcmpub $6, start(%rip), %zmm2, %k3{%k4}
        vmovdqu8 64(%rsi), %zmm16{%k1}{z}
        vmovdqu8 65(%rsi), %zmm16{%k1}{z}
        vmovdqu64 start(%rip), %zmm31
        vpternlogd $255, %zmm0, %zmm0, %zmm16
        vpternlogq $1, start(%rip){1to8}, %zmm1, %zmm2
        vaddpd {rn-sae}, %zmm17, %zmm18, %zmm19
        vgatherdps 4(%rsp,%zmm20,4), %zmm1{%k1}
        vpscatterqq %zmm1, 4096(%r12,%zmm4,8){%k2}
        vgatherpf0dps (%rax,%zmm31,4){%k1}
        vpbroadcastd %esp, %zmm20
        vcvtusi2sd %rsp, %xmm20, %xmm21
        vcvttsd2usi %xmm20, %rsp
        vcvttps2udq %zmm4, %zmm4
        vpextrq $1, %xmm20, %rsp
        vmovd %xmm20, %esp
        vaddph start(%rip), %zmm1, %zmm2{%k1}
        vfmaddcph %zmm1, %zmm2, %zmm3
        vcmpph $1, 2(%rsp){1to32}, %zmm2, %k1
        vmovw %esp, %xmm20
        # branches, calls, returns
branches:
        jmp start
        jmp branches
        bnd jmp start
        notrack jmp *%rax
        notrack jmp *%r11
        notrack jmp *8(%rcx,%r12,8)
        notrack call *start(%rip)
        bnd call start
        bnd call *%r10
        .byte 0x67, 0xe8, 0, 0, 0, 0
        .byte 0x66, 0x66, 0x48, 0xe8, 0, 0, 0, 0
        call *%fs:-16
        jmp *%gs:0x10
        jmp *%rsp
        call *(%rsp)
        jmp *0(,%rax,8)
        addr32 jmp *(%eax,%ecx,8)
        jo branches
        jg start
        jnp,pt branches
        jbe,pn branches
        loop branches
        loope branches
        loopne branches
        addr32 loop branches
back:   jrcxz back
        jecxz back
        ret
        repz ret
        bnd ret
        ret $0xfff8
        ljmp *(%rax)
        lcall *start(%rip)
        rex.w ljmp *(%rsp)
        lretl
        lretq $8
        iretq
        syscall
        sysenter
        sysretq
        sysexitl
        int $0x80
        int3
        int1
        hlt
        ud2
        ud1 %rsp, %rax
        ud0 (%rsp), %rax
        xbegin start
        xabort $1
        xend
        xtest
        enclu
        uiret
        senduipi %rsp
