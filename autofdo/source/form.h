/* form.h - the forms that values of attributes have in the file. */
#ifndef BACKEDGE_SOURCE_FORM_H
#define BACKEDGE_SOURCE_FORM_H

#include "unit.h"

/* Reads a value and leaves the cursor behind it. A form that nobody knows makes the cursor bad. */
void be_form_read(const struct be_unit *unit, struct be_cursor *cursor,
                  const struct be_attribute *attribute, struct be_value *value);

/* The same without the value. */
void be_form_skip(const struct be_unit *unit, struct be_cursor *cursor,
                  const struct be_attribute *attribute);

#endif
