/* remark.cc - remarks through -fopt-info, and warnings. */
#include "internal.h"

static bool is_at(const gimple *stmt, const be_remark *remark) {
  location_t location = gimple_location(stmt);
  if (LOCATION_LOCUS(location) <= BUILTINS_LOCATION)
    return false;
  expanded_location at = expand_location(location);
  return (unsigned)at.line == remark->line && (unsigned)at.column == remark->column && at.file &&
         strcmp(at.file, remark->file) == 0;
}

/* GCC's own place for the remark: that of a statement which stands there, or of the function. */
static dump_user_location_t place_of(const be_remark *remark) {
  basic_block bb;
  if (!cfun)
    return dump_user_location_t();
  FOR_EACH_BB_FN(bb, cfun)
  for (gimple_stmt_iterator gsi = gsi_start_bb(bb); !gsi_end_p(gsi); gsi_next(&gsi))
    if (is_at(gsi_stmt(gsi), remark))
      return dump_user_location_t(gsi_stmt(gsi));
  return dump_user_location_t::from_function_decl(cfun->decl);
}

void remark_emit(void *, const be_remark *remark) {
  char text[1024];
  dump_flags_t kind = remark->kind == BE_REMARK_PASSED   ? MSG_OPTIMIZED_LOCATIONS
                      : remark->kind == BE_REMARK_MISSED ? MSG_MISSED_OPTIMIZATION
                                                         : MSG_NOTE;
  if (!dump_enabled_p())
    return;
  be_remark_render(remark, text, sizeof text);
  dump_printf_loc(kind, place_of(remark), "%s: %s\n", remark->pass, text);
}

bool remark_listens(void *) { return dump_enabled_p(); }

void remark_warn(void *, const char *text) { warning(0, "backedge: %s", text); }
