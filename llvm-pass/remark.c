/* remark.c - remarks and warnings through LLVM's own channels. */
#include "internal.h"

void remark_emit(void *host, const struct be_remark *remark) {
  struct bridge *bridge = host;
  char text[1024];
  if (bridge->fun)
    register_remark(bridge->fun, remark, be_remark_render(remark, text, sizeof text));
}

bool remark_listens(void *host) {
  struct bridge *bridge = host;
  return register_listens(bridge->ctx);
}

void remark_warn(void *host, const char *text) {
  struct bridge *bridge = host;
  register_warn(bridge->module, text);
}
