/* decode.c - decodes one x86-64 instruction. */
#include "decode.h"
#include "opcode_table.h"
#include <stdbool.h>

/* Mandatory prefixes, by the number that VEX gives them. */
enum { PP_NONE, PP_66, PP_F3, PP_F2 };

enum { REX_B = 1, REX_X = 2, REX_R = 4, REX_W = 8 };

struct decoder {
  const uint8_t *code;
  size_t readable;   /* in bytes */
  unsigned size, at; /* in bytes; size is readable, but at most BE_X86_LENGTH_MAX */
  unsigned form;
  uint8_t map;    /* enum opcode_map */
  uint8_t rex;    /* REX's four bits, or those of VEX, EVEX and XOP, not inverted */
  uint8_t pp;     /* PP_…, whoever said it */
  uint8_t third;  /* vvvv */
  uint8_t high_r; /* EVEX: the fifth bits of reg and of a vector index */
  uint8_t high_index;
  uint8_t modrm;
};

static unsigned mod_of(const struct decoder *d) { return d->modrm >> 6; }

static unsigned reg_of(const struct decoder *d) { return d->modrm >> 3 & 7; }

static unsigned rm_of(const struct decoder *d) { return d->modrm & 7; }

static bool has_mandatory_repeat(const struct decoder *d) {
  return d->pp == PP_F2 || d->pp == PP_F3;
}

/* ---- bytes --------------------------------------------------------------------------------- */

static bool read_byte(struct decoder *d, uint8_t *byte) {
  if (d->at >= d->size)
    return false;
  *byte = d->code[d->at++];
  return true;
}

/* The next 8 bytes, or 0 for those that are beyond the end: the first is lowest. */
static uint64_t peek(const struct decoder *d) {
  const uint8_t *code = d->code + d->at;
  uint64_t number = 0;
  if (d->readable - d->at >= 8)
    return code[0] | (uint64_t)code[1] << 8 | (uint64_t)code[2] << 16 | (uint64_t)code[3] << 24 |
           (uint64_t)code[4] << 32 | (uint64_t)code[5] << 40 | (uint64_t)code[6] << 48 |
           (uint64_t)code[7] << 56;
  for (size_t i = d->readable - d->at; i--;)
    number = number << 8 | code[i];
  return number;
}

/* Reads a signed number of 1 to 8 bytes; without a branch on how many, which would be mispredicted
   time and again. */
static bool read_number(struct decoder *d, unsigned bytes, int64_t *number) {
  unsigned unused = 64 - 8 * bytes;
  if (bytes > d->size - d->at)
    return false;
  *number = (int64_t)(peek(d) << unused) >> unused;
  d->at += bytes;
  return true;
}

/* ---- prefixes and opcode ------------------------------------------------------------------- */

/* What follows an opcode; 0 when it is none. */
static unsigned form_of(unsigned map, unsigned opcode) {
  return form_of_letter[(uint8_t)opcode_letter[map][opcode >> 4][opcode & 15]];
}

/* Which legacy prefix a byte is, or 0. */
static unsigned prefix_of(uint8_t byte) {
  switch (byte) {
  case 0x66:
    return BE_X86_PREFIX_OPERAND;
  case 0x67:
    return BE_X86_PREFIX_ADDRESS;
  case 0xf2:
    return BE_X86_PREFIX_REPNE;
  case 0xf3:
    return BE_X86_PREFIX_REP;
  case 0xf0:
    return BE_X86_PREFIX_LOCK;
  case 0x3e:
    return BE_X86_PREFIX_DS;
  case 0x26:
  case 0x2e:
  case 0x36:
  case 0x64:
  case 0x65:
    return BE_X86_PREFIX_SEGMENT;
  default:
    return 0;
  }
}

/* Reads all prefixes and then *byte, the first of the opcode. */
static bool read_prefixes(struct decoder *d, struct be_x86_inst *out, uint8_t *byte) {
  uint8_t repeat = 0, rex = 0;
  for (;;) {
    if (!read_byte(d, byte))
      return false;
    if (*byte >> 4 == 4) {
      rex = *byte;
      continue;
    }
    unsigned prefix = form_of(MAP_ONE_BYTE, *byte) ? 0 : prefix_of(*byte);
    if (!prefix)
      break;
    rex = 0; /* one that another prefix follows is ignored */
    out->prefixes |= prefix;
    if (*byte >= 0xf2)
      repeat = *byte;
    else if (*byte == 0x64 || *byte == 0x65)
      out->memory_segment = *byte - 0x60;
  }
  if (rex)
    out->prefixes |= BE_X86_PREFIX_REX;
  d->rex = rex & 15;
  if (repeat)
    d->pp = repeat == 0xf3 ? PP_F3 : PP_F2; /* the last one counts */
  else if (out->prefixes & BE_X86_PREFIX_OPERAND)
    d->pp = PP_66;
  return true;
}

/* VEX, EVEX and XOP stand alone: before them these prefixes are an error. */
static bool may_extend(const struct be_x86_inst *out) {
  return !(out->prefixes & (BE_X86_PREFIX_REX | BE_X86_PREFIX_LOCK | BE_X86_PREFIX_OPERAND |
                            BE_X86_PREFIX_REP | BE_X86_PREFIX_REPNE));
}

static uint8_t map_of(unsigned space, unsigned map) {
  static const uint8_t maps[4][16] = {
      [BE_X86_VEX] = {[1] = MAP_VEX_1, [2] = MAP_VEX_2, [3] = MAP_VEX_3},
      [BE_X86_EVEX] = {[1] = MAP_EVEX_1,
                       [2] = MAP_EVEX_2,
                       [3] = MAP_EVEX_3,
                       [5] = MAP_EVEX_5,
                       [6] = MAP_EVEX_6},
      [BE_X86_XOP] = {[8] = MAP_XOP_8, [9] = MAP_XOP_9, [10] = MAP_XOP_A},
  };
  return map < 16 ? maps[space][map] : (uint8_t)MAP_NONE;
}

/* The byte that VEX, EVEX and XOP share: W, vvvv, L (not EVEX) and pp. */
static void take_third_and_prefix(struct decoder *d, uint8_t byte) {
  d->third = (~byte >> 3) & 15;
  d->pp = byte & 3;
}

/* Of two bytes (C5), of three (C4), and XOP's three (8F). */
static bool read_vex(struct decoder *d, struct be_x86_inst *out, uint8_t first) {
  uint8_t byte, last;
  if (!may_extend(out) || !read_byte(d, &byte))
    return false;
  out->map = 1;
  out->space = first == 0x8f ? BE_X86_XOP : BE_X86_VEX;
  last = byte;
  d->rex = (~byte >> 5) & REX_R;
  if (first != 0xc5) {
    if (!read_byte(d, &last))
      return false;
    out->map = byte & 31;
    d->rex = ((~byte >> 5) & 7) | (last >> 4 & REX_W);
  }
  take_third_and_prefix(d, last);
  d->map = map_of(out->space, out->map);
  return true;
}

static bool read_evex(struct decoder *d, struct be_x86_inst *out) {
  uint8_t byte, last;
  int64_t bytes;
  if (!may_extend(out) || !read_number(d, 3, &bytes))
    return false;
  byte = bytes & 0xff;
  last = bytes >> 8 & 0xff;
  if (byte & 8 || !(last & 4))
    return false;
  out->map = byte & 7;
  out->space = BE_X86_EVEX;
  d->rex = ((~byte >> 5) & 7) | (last >> 4 & REX_W);
  d->high_r = ~byte & 16;
  d->high_index = (~bytes >> 15) & 16;
  take_third_and_prefix(d, last);
  d->third |= d->high_index;
  d->map = map_of(BE_X86_EVEX, out->map);
  return true;
}

/* After 0F. */
static bool read_escaped(struct decoder *d, struct be_x86_inst *out, uint8_t *opcode) {
  out->map = 1;
  d->map = MAP_0F;
  if (!read_byte(d, opcode))
    return false;
  if (*opcode != 0x38 && *opcode != 0x3a)
    return true;
  out->map = *opcode == 0x38 ? 2 : 3;
  d->map = *opcode == 0x38 ? MAP_0F38 : MAP_0F3A;
  return read_byte(d, opcode);
}

/* What begins with a byte that is no opcode by itself, and pop. */
static bool read_long_opcode(struct decoder *d, struct be_x86_inst *out, uint8_t *opcode) {
  switch (*opcode) {
  case 0x0f:
    return read_escaped(d, out, opcode);
  case 0xc4:
  case 0xc5:
    return read_vex(d, out, *opcode) && read_byte(d, opcode);
  case 0x62:
    return read_evex(d, out) && read_byte(d, opcode);
  case 0x8f: /* pop, unless what would be its ModRM names one of XOP's maps */
    if (d->at < d->size && d->code[d->at] & 0x18)
      return read_vex(d, out, *opcode) && read_byte(d, opcode);
    return true;
  default:
    return false;
  }
}

/* Sets map, opcode and form. */
static bool read_opcode(struct decoder *d, struct be_x86_inst *out) {
  uint8_t opcode;
  d->map = MAP_ONE_BYTE;
  if (!read_prefixes(d, out, &opcode))
    return false;
  d->form = form_of(MAP_ONE_BYTE, opcode);
  if (!d->form || opcode == 0x8f) {
    if (!read_long_opcode(d, out, &opcode))
      return false;
    d->form = form_of(d->map, opcode);
  }
  out->opcode = opcode;
  out->wide = d->rex >> 3;
  return d->form != 0;
}

/* ---- groups -------------------------------------------------------------------------------- */

static unsigned refine_one_byte(const struct decoder *d, unsigned opcode) {
  unsigned form = d->form, reg = reg_of(d);
  switch (opcode) {
  case 0x8f: /* pop */
    return reg == 0 ? form : 0;
  case 0xc6: /* mov, and xabort, xbegin */
  case 0xc7:
    return reg == 0 || d->modrm == 0xf8 ? form : 0;
  case 0xf6: /* of this group test alone has an immediate */
  case 0xf7:
    return reg < 2 ? form : form & ~(unsigned)FORM_IMMEDIATE;
  case 0xfe: /* inc, dec */
    return reg < 2 ? form : 0;
  default: /* FF: inc, dec, call, lcall, jmp, ljmp, push */
    if (reg == 7 || (mod_of(d) == 3 && (reg == 3 || reg == 5)))
      return 0;
    return reg == 2 || reg == 3 || reg == 6 ? form | FORM_STACK : form;
  }
}

static unsigned refine_0f(struct decoder *d, unsigned opcode) {
  unsigned form = d->form, reg = reg_of(d);
  bool in_register = mod_of(d) == 3;
  switch (opcode) {
  case 0x01: /* of the register forms only smsw and lmsw have a register */
    return in_register && reg != 4 && reg != 6 ? form & ~(unsigned)FORM_RM : form;
  case 0x20: /* mov to and from control and debug registers: mod is ignored */
  case 0x21:
  case 0x22:
  case 0x23:
    d->modrm |= 0xc0;
    return form;
  case 0x78: /* vmread; with a prefix SSE4a's extrq and insertq */
  case 0x79:
    if (d->pp == PP_NONE)
      return form;
    if (d->pp == PP_F3 || !in_register)
      return 0;
    return FORM_MODRM_HERE | (opcode == 0x78 ? IMM_2 : IMM_NONE);
  case 0xae: /* fences have no register; rdfsbase, ptwrite, umonitor, … have a prefix */
    return in_register && d->pp == PP_NONE ? form & ~(unsigned)FORM_RM : form;
  default: /* B8: popcnt has a prefix, without it this is no instruction */
    return d->pp == PP_F3 ? form : 0;
  }
}

/* What the table leaves open: its FORM_GROUP. Returns 0 for what is no instruction. */
static unsigned refine_form(struct decoder *d, unsigned opcode) {
  switch (opcode_letter[d->map][opcode >> 4][opcode & 15]) {
  case 'a': /* from a general register when it makes a scalar */
    return has_mandatory_repeat(d) ? d->form : d->form & ~(unsigned)FORM_RM;
  case 'c': /* to a general register when it takes a scalar */
    return has_mandatory_repeat(d) ? d->form : d->form & ~(unsigned)FORM_REG;
  case 'm': /* movd, movq; F3 is the one between vector registers */
    return d->pp == PP_F3 ? d->form & ~(unsigned)FORM_RM : d->form;
  default:
    return d->map == MAP_ONE_BYTE ? refine_one_byte(d, opcode) : refine_0f(d, opcode);
  }
}

/* ---- operands ------------------------------------------------------------------------------ */

/* Takes base and index; returns how many bytes of displacement follow. */
static bool read_sib(struct decoder *d, struct be_x86_inst *out, unsigned *bytes) {
  uint8_t sib;
  unsigned index;
  if (!read_byte(d, &sib))
    return false;
  index = (sib >> 3 & 7) | (d->rex & REX_X) << 2;
  if (d->form & FORM_VSIB) {
    out->memory_index = index | d->high_index;
    out->flags |= BE_X86_VSIB;
  } else if (index != BE_X86_RSP) {
    out->memory_index = index;
  }
  out->memory_scale = 1 << (sib >> 6);
  if ((sib & 7) == 5 && mod_of(d) == 0)
    *bytes = 4;
  else
    out->memory_base = (sib & 7) | (d->rex & REX_B) << 3;
  return true;
}

static bool read_displacement(struct decoder *d, struct be_x86_inst *out, unsigned bytes) {
  if (!bytes)
    return true;
  out->displacement_offset = d->at;
  out->displacement_size = bytes;
  return read_number(d, bytes, &out->displacement);
}

static bool read_memory(struct decoder *d, struct be_x86_inst *out) {
  static const uint8_t displacement_bytes[3] = {0, 1, 4};
  unsigned mod = mod_of(d), rm = rm_of(d), bytes = displacement_bytes[mod];
  out->flags |= BE_X86_MEMORY;
  out->rm = BE_X86_NONE;
  if (rm == 4) {
    if (!read_sib(d, out, &bytes))
      return false;
  } else if (d->form & FORM_VSIB) {
    return false;
  } else if (rm == 5 && mod == 0) {
    out->memory_base = BE_X86_RIP;
    out->flags |= BE_X86_RELATIVE;
    bytes = 4;
  } else {
    out->memory_base = rm | (d->rex & REX_B) << 3;
  }
  if (out->space == BE_X86_EVEX && bytes == 1)
    out->flags |= BE_X86_SCALED;
  return read_displacement(d, out, bytes);
}

static bool read_modrm(struct decoder *d, struct be_x86_inst *out) {
  if (!read_byte(d, &d->modrm))
    return false;
  if (d->form & FORM_GROUP)
    d->form = refine_form(d, out->opcode);
  if (!d->form)
    return false;
  out->has_reg = 1;
  out->reg = reg_of(d) | (d->rex & REX_R) << 1 | d->high_r;
  if (mod_of(d) != 3)
    return read_memory(d, out);
  out->rm = rm_of(d) | (d->rex & REX_B) << 3;
  if (out->space == BE_X86_EVEX && !(d->form & FORM_RM))
    out->rm |= (d->rex & REX_X) << 3;
  return !(d->form & FORM_VSIB);
}

/* The moffs forms of mov: an absolute address in place of ModRM. */
static bool read_absolute(struct decoder *d, struct be_x86_inst *out) {
  out->flags |= BE_X86_MEMORY;
  if (!(out->prefixes & BE_X86_PREFIX_ADDRESS))
    return read_displacement(d, out, 8);
  if (!read_displacement(d, out, 4))
    return false;
  out->displacement = (uint32_t)out->displacement;
  return true;
}

static bool read_immediate(struct decoder *d, struct be_x86_inst *out) {
  bool narrow = out->prefixes & BE_X86_PREFIX_OPERAND && !out->wide;
  unsigned bytes = d->form & FORM_IMMEDIATE;
  switch (bytes) {
  case IMM_NONE:
    return true;
  case IMM_ADDRESS:
    return read_absolute(d, out);
  case IMM_OPERAND:
    bytes = narrow ? 2 : 4;
    break;
  case IMM_WHOLE:
    bytes = out->wide ? 8 : narrow ? 2 : 4;
    break;
  default:
    break;
  }
  out->immediate_offset = d->at;
  out->immediate_size = bytes;
  if (!read_number(d, bytes, &out->immediate))
    return false;
  if (bytes == IMM_3)
    out->immediate &= 0xffffff;
  return true;
}

/* Whether rsp, under one of its names, is an operand. */
static bool names_rsp(const struct decoder *d, const struct be_x86_inst *out) {
  unsigned form = d->form;
  bool byte_is_high = !(out->prefixes & BE_X86_PREFIX_REX);
  if (out->memory_base == BE_X86_RSP)
    return true;
  if (form & FORM_OPCODE)
    return (out->opcode & 7) == BE_X86_RSP && !(d->rex & REX_B) &&
           !(form & FORM_REG_BYTE && byte_is_high);
  if (form & FORM_THIRD && d->third == BE_X86_RSP)
    return true;
  if (form & FORM_REG && out->reg == BE_X86_RSP && !(form & FORM_REG_BYTE && byte_is_high))
    return true;
  return form & FORM_RM && out->rm == BE_X86_RSP && !(form & FORM_RM_BYTE && byte_is_high);
}

/* ---- kinds --------------------------------------------------------------------------------- */

static unsigned kind_of_ff(const struct be_x86_inst *out) {
  switch (out->reg & 7) {
  case 2:
    return BE_X86_CALL_INDIRECT;
  case 3:
    return BE_X86_CALL_FAR;
  case 4:
    return BE_X86_JUMP_INDIRECT;
  case 5:
    return BE_X86_JUMP_FAR;
  default:
    return BE_X86_PLAIN;
  }
}

static unsigned kind_of_one_byte(const struct decoder *d, const struct be_x86_inst *out) {
  switch (out->opcode) {
  case 0xc2:
  case 0xc3:
    return BE_X86_RETURN;
  case 0xc6:
    return d->modrm == 0xf8 ? BE_X86_XABORT : BE_X86_PLAIN;
  case 0xc7:
    return d->modrm == 0xf8 ? BE_X86_XBEGIN : BE_X86_PLAIN;
  case 0xca:
  case 0xcb:
  case 0xcf:
    return BE_X86_RETURN_FAR;
  case 0xcd:
    return BE_X86_SYSTEM;
  case 0xe0:
  case 0xe1:
  case 0xe2:
  case 0xe3:
    return BE_X86_JUMP_COUNT;
  case 0xe8:
    return BE_X86_CALL;
  case 0xe9:
  case 0xeb:
    return BE_X86_JUMP;
  case 0xff:
    return kind_of_ff(out);
  default:
    return out->opcode >> 4 == 7 ? BE_X86_JUMP_IF : BE_X86_TRAP; /* CC, F1, F4 */
  }
}

static unsigned kind_of_0f(const struct decoder *d, const struct be_x86_inst *out) {
  switch (out->opcode) {
  case 0x01:
    if (d->modrm == 0xd7) /* enclu: leaves for an enclave */
      return BE_X86_SYSTEM;
    return d->modrm == 0xec && d->pp == PP_F3 ? BE_X86_RETURN_FAR : BE_X86_PLAIN; /* uiret */
  case 0x05: /* syscall, sysenter */
  case 0x34:
    return BE_X86_SYSTEM;
  case 0x07: /* sysret, sysexit, rsm */
  case 0x35:
  case 0xaa:
    return BE_X86_RETURN_FAR;
  default:
    return out->opcode >> 4 == 8 ? BE_X86_JUMP_IF : BE_X86_TRAP; /* 0B, B9, FF: ud2, ud1, ud0 */
  }
}

/* Sets kind, condition and target. Returns false for branches that processors disagree about. */
static bool set_kind(const struct decoder *d, struct be_x86_inst *out, uint64_t next) {
  bool narrow = out->prefixes & BE_X86_PREFIX_OPERAND && !out->wide;
  out->kind = d->map == MAP_ONE_BYTE ? kind_of_one_byte(d, out) : kind_of_0f(d, out);
  switch (out->kind) {
  case BE_X86_PLAIN:
    return true;
  case BE_X86_RETURN:
    out->immediate = (uint16_t)out->immediate;
    return !narrow;
  case BE_X86_JUMP_INDIRECT:
  case BE_X86_CALL_INDIRECT:
    return !narrow;
  case BE_X86_JUMP_IF:
  case BE_X86_JUMP_COUNT:
    out->condition = out->opcode & (out->kind == BE_X86_JUMP_IF ? 15 : 3);
    out->target = next + (uint64_t)out->immediate;
    return !narrow;
  case BE_X86_JUMP:
  case BE_X86_CALL:
    out->target = next + (uint64_t)out->immediate;
    return !narrow;
  case BE_X86_XBEGIN:
    out->target = next + (uint64_t)out->immediate;
    out->flags |= BE_X86_PINNED;
    return !narrow;
  default:
    out->flags |= BE_X86_PINNED;
    return true;
  }
}

static void set_memory_address(struct be_x86_inst *out, uint64_t next) {
  out->memory_address = next + (uint64_t)out->displacement;
  if (out->prefixes & BE_X86_PREFIX_ADDRESS) {
    out->memory_address = (uint32_t)out->memory_address;
    out->flags |= BE_X86_PINNED; /* the address is cut to 32 bits: no displacement can correct it */
  }
}

/* Member by member: for a whole struct compilers may call memset or memcpy. */
static void clear(struct be_x86_inst *out) {
  out->target = out->memory_address = 0;
  out->displacement = out->immediate = 0;
  out->length = out->kind = out->condition = out->flags = out->prefixes = 0;
  out->space = out->map = out->opcode = out->wide = out->has_reg = out->reg = 0;
  out->rm = out->memory_base = out->memory_index = out->memory_segment = BE_X86_NONE;
  out->memory_scale = 1;
  out->displacement_offset = out->displacement_size = 0;
  out->immediate_offset = out->immediate_size = 0;
}

static void start(struct decoder *d, const uint8_t *code, size_t size) {
  d->code = code;
  d->readable = size;
  d->size = size < BE_X86_LENGTH_MAX ? (unsigned)size : BE_X86_LENGTH_MAX;
  d->at = d->form = 0;
  d->map = d->rex = d->pp = d->third = d->high_r = d->high_index = d->modrm = 0;
}

int be_x86_decode(const uint8_t *code, size_t size, uint64_t address, struct be_x86_inst *out) {
  struct decoder d;
  start(&d, code, size);
  clear(out);
  if (!read_opcode(&d, out))
    return 0;
  if (d.form & FORM_MODRM && !read_modrm(&d, out))
    return 0;
  if (!read_immediate(&d, out))
    return 0;
  out->length = d.at;
  if (d.form & FORM_STACK)
    out->flags |= BE_X86_STACK;
  if (names_rsp(&d, out))
    out->flags |= BE_X86_NAMES_RSP;
  if (out->flags & BE_X86_RELATIVE)
    set_memory_address(out, address + d.at);
  if (d.form & FORM_KIND && !set_kind(&d, out, address + d.at))
    return 0;
  return out->length;
}
