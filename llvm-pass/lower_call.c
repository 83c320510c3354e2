/* lower_call.c - calls, intrinsics, invokes, opaque statements. */
#include "internal.h"
#include <stdlib.h>
#include <string.h>

/* ---- calls --------------------------------------------------------------------------------------
 */

struct callee {
  LLVMTypeRef type;
  LLVMValueRef value;
  LLVMValueRef *args; /* freed by callee_free */
  unsigned arg_count;
};

static void callee_free(struct callee *callee) { free(callee->args); }

/* The function type of a declaration in the IR, lowered; NULL when it cannot be. */
static LLVMTypeRef declared_type(struct lower *l, MlirStringRef name) {
  MlirOperation func = be_function_op(l->lift->out);
  MlirBlock body = mlirOperationGetBlock(func);
  for (MlirOperation op = mlirBlockGetFirstOperation(body); !mlirOperationIsNull(op);
       op = mlirOperationGetNextInBlock(op)) {
    MlirAttribute type = be_op_attr(op, "function_type");
    if (!mlirAttributeIsNull(type) && mlirStringRefEqual(be_op_string(op, "sym_name"), name))
      return be_map_get(&l->bridge->host_types, mlirTypeAttrGetValue(type).ptr);
  }
  return NULL;
}

/* How many of the op's operands are its callee's and its arguments. */
static size_t call_operands(const struct be_plan_op *op) {
  if (op->code == BE_OP_INVOKE)
    return (size_t)mlirDenseI32ArrayGetElement(be_op_attr(op->op, "operandSegmentSizes"), 0);
  return (size_t)mlirOperationGetNumOperands(op->op);
}

/* The function type that the op's operands and result amount to. */
static LLVMTypeRef type_of_call(struct lower *l, const struct be_plan_op *op, bool direct) {
  MlirAttribute variadic = be_op_attr(op->op, "var_callee_type");
  if (!mlirAttributeIsNull(variadic))
    return be_map_get(&l->bridge->host_types, mlirTypeAttrGetValue(variadic).ptr);
  size_t count = call_operands(op), first = direct ? 0 : 1;
  LLVMTypeRef *params = malloc((count + 1) * sizeof *params), type = NULL;
  LLVMTypeRef result = mlirOperationGetNumResults(op->op) ? lower_result_type(l, op)
                                                          : LLVMVoidTypeInContext(l->bridge->ctx);
  bool ok = result != NULL;
  for (size_t i = first; i < count; i++) {
    MlirType param = mlirValueGetType(mlirOperationGetOperand(op->op, (intptr_t)i));
    ok &= (params[i - first] = type_lower(l->bridge, param)) != NULL;
  }
  if (ok)
    type = LLVMFunctionType(result, params, (unsigned)(count - first), false);
  free(params);
  return type;
}

/* The callee's type: the old instruction's, when the op still has its form. */
static LLVMTypeRef call_type(struct lower *l, const struct be_plan_op *op) {
  LLVMValueRef inst = lower_stmt_of(l, op->id);
  bool direct = be_op_has(op->op, "callee");
  size_t args = call_operands(op) - !direct;
  if (inst && (LLVMIsACallInst(inst) || LLVMIsAInvokeInst(inst)) &&
      LLVMGetNumArgOperands(inst) == args) {
    LLVMTypeRef type = LLVMGetCalledFunctionType(inst);
    LLVMTypeRef wanted = type_of_call(l, op, direct);
    if (wanted && type_lift(l->bridge, type).ptr == type_lift(l->bridge, wanted).ptr)
      return type;
  }
  LLVMValueRef global = direct ? lower_global(l, be_op_string(op->op, "callee")) : NULL;
  if (global && LLVMIsAFunction(global))
    return LLVMGlobalGetValueType(global);
  return type_of_call(l, op, direct);
}

static LLVMValueRef direct_callee(struct lower *l, const struct be_plan_op *op, LLVMTypeRef type) {
  MlirStringRef name = be_op_string(op->op, "callee");
  LLVMValueRef global = lower_global(l, name);
  if (global)
    return global;
  char *text = strndup(name.data, name.length);
  LLVMTypeRef declared = declared_type(l, name);
  global = LLVMAddFunction(l->bridge->module, text, declared ? declared : type);
  free(text);
  return global;
}

static struct callee callee_of(struct lower *l, const struct be_plan_op *op) {
  bool direct = be_op_has(op->op, "callee");
  size_t count = call_operands(op), n = 0;
  struct callee callee = {.type = call_type(l, op), .args = malloc((count + 1) * sizeof(void *))};
  if (direct)
    callee.value = direct_callee(l, op, callee.type);
  else
    callee.value = lower_operand(l, op->op, 0);
  for (size_t i = !direct; i < count; i++)
    callee.args[n++] = lower_operand(l, op->op, (intptr_t)i);
  callee.arg_count = (unsigned)n;
  return callee;
}

LLVMValueRef lower_invoke(struct lower *l, const struct be_plan_op *op, LLVMBasicBlockRef normal,
                          LLVMBasicBlockRef unwind) {
  struct callee callee = callee_of(l, op);
  LLVMValueRef built = LLVMBuildInvoke2(l->builder, callee.type, callee.value, callee.args,
                                        callee.arg_count, normal, unwind, "");
  callee_free(&callee);
  return built;
}

static LLVMValueRef lower_landingpad(struct lower *l, const struct be_plan_op *op) {
  LLVMValueRef inst = lower_stmt_of(l, op->id);
  unsigned count = (unsigned)mlirOperationGetNumOperands(op->op);
  LLVMValueRef built = LLVMBuildLandingPad(l->builder, LLVMTypeOf(inst), NULL, count, "");
  LLVMSetCleanup(built, be_op_has(op->op, "cleanup"));
  for (unsigned i = 0; i < count; i++)
    LLVMAddClause(built, lower_operand(l, op->op, i));
  return built;
}

/* ---- intrinsics ---------------------------------------------------------------------------------
 */

static LLVMValueRef lower_math(struct lower *l, const struct be_plan_op *op) {
  LLVMValueRef args[4];
  unsigned count = (unsigned)mlirOperationGetNumOperands(op->op);
  LLVMTypeRef type = lower_result_type(l, op);
  for (unsigned i = 0; i < count; i++)
    args[i] = lower_operand(l, op->op, i);
  const char *flag = op->code == BE_OP_ABS                              ? "is_int_min_poison"
                     : op->code == BE_OP_CTLZ || op->code == BE_OP_CTTZ ? "is_zero_poison"
                                                                        : NULL;
  if (flag)
    args[count++] =
        LLVMConstInt(LLVMInt1TypeInContext(l->bridge->ctx), be_op_int(op->op, flag, 0) != 0, false);
  return lower_emit(l, lower_intrinsic(op->code), &type, 1, args, count);
}

/* ---- opaque statements
 * ---------------------------------------------------------------------------- */

/* A copy of the old instruction: only its operands may differ. */
LLVMValueRef lower_opaque(struct lower *l, const struct be_plan_op *op) {
  LLVMValueRef inst = lower_stmt_of(l, op->id);
  if (LLVMIsATerminatorInst(inst)) {
    l->pending = op; /* made with the terminator */
    return NULL;
  }
  LLVMValueRef copy = LLVMInstructionClone(inst);
  LLVMInsertIntoBuilder(l->builder, copy);
  LLVMSetInstDebugLocation(l->builder, copy);
  LLVMInstructionSetDebugLoc(copy, LLVMInstructionGetDebugLoc(inst));
  intptr_t n = 0;
  for (unsigned i = 0; i < (unsigned)LLVMGetNumOperands(inst); i++)
    if (lift_is_operand(l->lift, LLVMGetOperand(inst, i)))
      LLVMSetOperand(copy, i, lower_operand(l, op->op, n++));
  return copy;
}

/* An opaque terminator is made together with the switch or unreachable that follows it. */
static bool terminator_follows(struct lower *l, const struct be_plan_op *op, LLVMValueRef inst) {
  const struct be_plan_op *next = be_map_get(&l->ops, mlirOperationGetNextInBlock(op->op).ptr);
  return op->fate == BE_FATE_BUILD && next && next->fate == BE_FATE_BUILD &&
         lower_stmt_of(l, next->id) == inst;
}

static bool opaque_can(struct lower *l, const struct be_plan_op *op) {
  LLVMValueRef inst = lower_stmt_of(l, op->id);
  if (!inst || !lower_is_opaque(l, op->id))
    return false;
  if (LLVMIsATerminatorInst(inst) && !terminator_follows(l, op, inst))
    return false;
  intptr_t n = 0;
  for (unsigned i = 0; i < (unsigned)LLVMGetNumOperands(inst); i++)
    n += lift_is_operand(l->lift, LLVMGetOperand(inst, i));
  return n == mlirOperationGetNumOperands(op->op);
}

/* ---- all of them
 * ------------------------------------------------------------------------------------ */

static bool can_call(struct lower *l, const struct be_plan_op *op) {
  LLVMTypeRef type = call_type(l, op);
  size_t args = call_operands(op) - !be_op_has(op->op, "callee");
  if (!type)
    return false;
  return LLVMIsFunctionVarArg(type) ? args >= LLVMCountParamTypes(type)
                                    : args == LLVMCountParamTypes(type);
}

bool lower_call_can(struct lower *l, const struct be_plan_op *op) {
  switch (op->code) {
  case BE_OP_CALL:
  case BE_OP_INVOKE:
    return can_call(l, op);
  case BE_OP_LANDINGPAD:
    return lower_stmt_of(l, op->id) != NULL;
  case BE_OP_STMT:
    return opaque_can(l, op);
  default:
    return lower_intrinsic(op->code) != NULL && lower_result_type(l, op) != NULL;
  }
}

LLVMValueRef lower_call(struct lower *l, const struct be_plan_op *op) {
  if (op->code == BE_OP_LANDINGPAD)
    return lower_landingpad(l, op);
  if (op->code != BE_OP_CALL)
    return lower_math(l, op);
  struct callee callee = callee_of(l, op);
  LLVMValueRef built =
      LLVMBuildCall2(l->builder, callee.type, callee.value, callee.args, callee.arg_count, "");
  callee_free(&callee);
  return built;
}
