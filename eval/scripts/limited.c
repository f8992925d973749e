/* Answers cpuid with fewer instruction sets. Preloaded by limited.py into a process whose libraries have their
   cpuid instructions (0F A2) replaced by ud2 (0F 0B), an instruction that does not exist. */
#define _GNU_SOURCE
#include <cpuid.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

static int avx512, vnni;

static void answer(int signal_, siginfo_t *info, void *context) {
  greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
  const uint8_t *at = (const uint8_t *)r[REG_RIP];
  uint32_t leaf = r[REG_RAX], part = r[REG_RCX], a, b, c, d;
  if (at[0] != 0x0f || at[1] != 0x0b) { /* not ours */
    signal(SIGILL, SIG_DFL);
    return;
  }
  __cpuid_count(leaf, part, a, b, c, d);
  if (leaf == 7 && part == 0) {
    /* F, DQ, IFMA, PF, ER, CD, BW, VL; VBMI, VBMI2, BITALG, VPOPCNTDQ; VNNI; 4VNNIW, 4FMAPS, VP2INTERSECT, AMX, FP16 */
    if (!avx512) b &= ~(1u << 16 | 1u << 17 | 1u << 21 | 1u << 26 | 1u << 27 | 1u << 28 | 1u << 30 | 1u << 31);
    if (!avx512) c &= ~(1u << 1 | 1u << 6 | 1u << 12 | 1u << 14);
    c &= ~(1u << 11);
    d &= ~(1u << 2 | 1u << 3 | 1u << 8 | 1u << 22 | 1u << 23 | 1u << 24 | 1u << 25);
  }
  if (leaf == 7 && part == 1) { /* AVX-VNNI; AVX512-BF16, AMX-FP16, AVX-IFMA and what came later */
    a &= ~(1u << 5 | 1u << 21 | 1u << 23);
    if (!vnni) a &= ~(1u << 4);
    d = 0;
  }
  r[REG_RAX] = a, r[REG_RBX] = b, r[REG_RCX] = c, r[REG_RDX] = d;
  r[REG_RIP] += 2;
}

__attribute__((constructor)) static void begin(void) {
  const char *limit = getenv("ONEDNN_MAX_CPU_ISA");
  struct sigaction action;
  avx512 = limit && !strncmp(limit, "AVX512", 6);
  vnni = limit && !strcmp(limit, "AVX2_VNNI");
  memset(&action, 0, sizeof action);
  action.sa_sigaction = answer;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  sigaction(SIGILL, &action, 0);
}
