/* remark.cc - remarks through -fopt-info, and warnings. */
#include "internal.h"

void remark_emit(void *, const be_remark *remark) {
  char text[1024];
  dump_flags_t kind = remark->kind == BE_REMARK_PASSED   ? MSG_OPTIMIZED_LOCATIONS
                      : remark->kind == BE_REMARK_MISSED ? MSG_MISSED_OPTIMIZATION
                                                         : MSG_NOTE;
  if (!dump_enabled_p())
    return;
  be_remark_render(remark, text, sizeof text);
  dump_user_location_t where = current_function_decl
                                   ? dump_user_location_t::from_function_decl(current_function_decl)
                                   : dump_user_location_t();
  if (remark->line)
    dump_printf_loc(kind, where, "%s:%u:%u: %s: %s\n", lbasename(remark->file), remark->line,
                    remark->column, remark->pass, text);
  else
    dump_printf_loc(kind, where, "%s: %s\n", remark->pass, text);
}

void remark_warn(void *, const char *text) { warning(0, "backedge: %s", text); }
