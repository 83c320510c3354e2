/* register.cpp - what LLVM's C interface cannot do: registration, options, remarks, facts. */
#include "internal.h"
#include "llvm/Analysis/BlockFrequencyInfo.h"
#include "llvm/Analysis/BranchProbabilityInfo.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/OptimizationRemarkEmitter.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/EHPersonalities.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LLVMRemarkStreamer.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Passes/PassBuilder.h"
#if LLVM_VERSION_MAJOR >= 22
#include "llvm/Plugins/PassPlugin.h"
#else
#include "llvm/Passes/PassPlugin.h"
#endif
#include "llvm/Support/CommandLine.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include "llvm/Transforms/Utils/Local.h"
#include "llvm/Transforms/Utils/LoopUtils.h"
#include "llvm/Transforms/Utils/ValueMapper.h"

using namespace llvm;

namespace {
constexpr const char *DoneAttribute = "backedge-done";
} // namespace

/* ---- questions ----------------------------------------------------------------------------------
 */

static bool isPinnedCall(const CallBase &Call) {
  return Call.isConvergent() || Call.cannotDuplicate() || Call.isInlineAsm() ||
         Call.hasFnAttr(Attribute::ReturnsTwice) || Call.isMustTailCall();
}

unsigned register_effects(LLVMValueRef Inst) {
  const auto *I = cast<Instruction>(unwrap(Inst));
  unsigned Effects = BE_EFFECT_NONE;
  if (I->mayReadFromMemory())
    Effects |= BE_EFFECT_READ;
  if (I->mayWriteToMemory())
    Effects |= BE_EFFECT_WRITE;
  if (I->mayThrow() || !I->willReturn())
    Effects |= BE_EFFECT_THROW;
  const auto *Call = dyn_cast<CallBase>(I);
  const auto *Alloca = dyn_cast<AllocaInst>(I);
  if (I->isVolatile() || I->isAtomic() || (Call && isPinnedCall(*Call)) ||
      (Alloca && (Alloca->isUsedWithInAlloca() || Alloca->isSwiftError())))
    Effects |= BE_EFFECT_PIN;
  return Effects;
}

bool register_is_personality_funclet(LLVMValueRef Fun) {
  const auto *F = cast<Function>(unwrap(Fun));
  return F->hasPersonalityFn() &&
         isFuncletEHPersonality(classifyEHPersonality(F->getPersonalityFn()));
}

void register_counts(LLVMValueRef Fun, be_map *Counts) {
  auto *F = cast<Function>(unwrap(Fun));
  if (!F->hasProfileData())
    return;
  DominatorTree Tree(*F);
  LoopInfo Loops(Tree);
  BranchProbabilityInfo Probabilities(*F, Loops);
  BlockFrequencyInfo Frequencies(*F, Probabilities, Loops);
  for (BasicBlock &BB : *F)
    if (auto Count = Frequencies.getBlockProfileCount(&BB))
      be_map_set(Counts, wrap(&BB), reinterpret_cast<void *>(*Count + 1));
}

bool register_is_broken(LLVMValueRef Fun, char *Text, size_t Size) {
  std::string Message;
  raw_string_ostream Out(Message);
  if (!verifyFunction(*cast<Function>(unwrap(Fun)), &Out))
    return false;
  snprintf(Text, Size, "%s", Message.substr(0, Message.find('\n')).c_str());
  return true;
}

bool register_is_done(LLVMValueRef Fun) {
  return cast<Function>(unwrap(Fun))->hasFnAttribute(DoneAttribute);
}

void register_set_done(LLVMValueRef Fun) { cast<Function>(unwrap(Fun))->addFnAttr(DoneAttribute); }

void register_remove_dead_blocks(LLVMValueRef Fun) {
  EliminateUnreachableBlocks(*cast<Function>(unwrap(Fun)));
}

/* Does the value come from a PHI of the loop's header? */
static bool isCounter(const Loop &L, const Value *V) {
  while (auto *I = dyn_cast<Instruction>(V)) {
    if (isa<PHINode>(I))
      return I->getParent() == L.getHeader();
    if (!isa<BinaryOperator, GetElementPtrInst, CastInst>(I))
      return false;
    V = I->getOperand(0);
  }
  return false;
}

/* The loop's only way out is a test of its own, once per iteration, of a counter against what the
 * loop does not compute. */
static bool isCounted(const Loop &L, const LoopInfo &Loops) {
  SmallVector<Loop::Edge, 4> Exits;
  L.getExitEdges(Exits);
  if (Exits.size() != 1 || Loops.getLoopFor(Exits[0].first) != &L)
    return false;
  auto *Branch = dyn_cast<BranchInst>(Exits[0].first->getTerminator());
  auto *Test =
      Branch && Branch->isConditional() ? dyn_cast<ICmpInst>(Branch->getCondition()) : nullptr;
  if (!Test)
    return false;
  Value *Left = Test->getOperand(0), *Right = Test->getOperand(1);
  return (L.isLoopInvariant(Right) && isCounter(L, Left)) ||
         (L.isLoopInvariant(Left) && isCounter(L, Right));
}

bool register_has_counted_loop(const bridge *Bridge, LLVMValueRef Fun) {
  auto &F = *cast<Function>(unwrap(Fun));
  auto Any = [](const LoopInfo &Loops) {
    return any_of(Loops.getLoopsInPreorder(), [&](const Loop *L) { return isCounted(*L, Loops); });
  };
  if (Bridge->analyses)
    return Any(
        static_cast<FunctionAnalysisManager *>(Bridge->analyses)->getResult<LoopAnalysis>(F));
  DominatorTree Tree(F);
  return Any(LoopInfo(Tree));
}

void register_mark_loop(LLVMValueRef BranchRef, const char *Property) {
  auto *Branch = cast<Instruction>(unwrap(BranchRef));
  BasicBlock *From = Branch->getSuccessor(1), *BB = Branch->getParent();
  DominatorTree Tree(*BB->getParent());
  LoopInfo Loops(Tree);
  for (Loop *L : Loops.getLoopsInPreorder())
    if (From->getSinglePredecessor() && Tree.dominates(From, L->getHeader())) {
      addStringMetadataToLoop(L, Property, 1);
      break;
    }
  cast<User>(Branch)->setOperand(0, ConstantInt::getFalse(Branch->getContext()));
  ConstantFoldTerminator(BB); /* what is dead stays: marks that are still to be read may be in it */
}

/* ---- facts --------------------------------------------------------------------------------------
 */

/* What a call's parameters must have whatever is passed: how it is passed. */
static AttributeSet passingAttributes(LLVMContext &Ctx, AttributeSet All) {
  AttrBuilder Kept(Ctx);
  bool InMemory = false;
  for (auto Kind : {Attribute::ByVal, Attribute::StructRet, Attribute::InAlloca, Attribute::ByRef,
                    Attribute::Preallocated, Attribute::ZExt, Attribute::SExt, Attribute::InReg,
                    Attribute::Nest, Attribute::SwiftSelf, Attribute::SwiftError,
                    Attribute::SwiftAsync, Attribute::ElementType})
    if (All.hasAttribute(Kind)) {
      Kept.addAttribute(All.getAttribute(Kind));
      InMemory |= Kind == Attribute::ByVal;
    }
  if (InMemory && All.hasAttribute(Attribute::Alignment))
    Kept.addAttribute(All.getAttribute(Attribute::Alignment));
  return AttributeSet::get(Ctx, Kept);
}

static void copyCallFacts(CallBase &To, const CallBase &From, bool Exact) {
  LLVMContext &Ctx = To.getContext();
  AttributeList Attrs = From.getAttributes();
  To.setCallingConv(From.getCallingConv());
  const auto *FromCall = dyn_cast<CallInst>(&From);
  auto *ToCall = dyn_cast<CallInst>(&To);
  if (FromCall && ToCall && (Exact || FromCall->isNoTailCall()))
    ToCall->setTailCallKind(FromCall->getTailCallKind());
  if (Exact) {
    To.setAttributes(Attrs);
    return;
  }
  SmallVector<AttributeSet, 8> Params;
  for (unsigned I = 0; I < To.arg_size(); I++)
    Params.push_back(I < From.arg_size() ? passingAttributes(Ctx, Attrs.getParamAttrs(I))
                                         : AttributeSet());
  AttributeSet Fn = Attrs.getFnAttrs().removeAttribute(Ctx, Attribute::Memory);
  To.setAttributes(
      AttributeList::get(Ctx, Fn, passingAttributes(Ctx, Attrs.getRetAttrs()), Params));
}

void register_copy_facts(LLVMValueRef ToRef, LLVMValueRef FromRef, bool Exact) {
  auto *To = dyn_cast<Instruction>(unwrap(ToRef));
  auto *From = dyn_cast<Instruction>(unwrap(FromRef));
  if (!To || !From || To == From)
    return;
  To->setDebugLoc(From->getDebugLoc());
  auto *ToCall = dyn_cast<CallBase>(To);
  auto *FromCall = dyn_cast<CallBase>(From);
  if (ToCall && FromCall && ToCall->getFunctionType() == FromCall->getFunctionType())
    copyCallFacts(*ToCall, *FromCall, Exact);
  if (To->getOpcode() != From->getOpcode())
    return;
  if (Exact) {
    To->copyMetadata(*From);
    To->copyIRFlags(From);
  } else if (MDNode *Tag = From->getMetadata(LLVMContext::MD_tbaa)) {
    To->setMetadata(LLVMContext::MD_tbaa, Tag);
  }
  if (Exact && To->isUsedByMetadata() == false && From->hasName())
    To->takeName(From);
}

/* ---- a way back
 * ------------------------------------------------------------------------------------ */

/* A copy of a function: its blocks. Those whose address is taken, in pairs: one that lowering has
 * deleted is null, and what its address was cannot be undone. */
struct be_copy {
  Function *Saved;
  SmallVector<std::pair<WeakTrackingVH, BasicBlock *>, 0> Taken;
};

be_copy *register_save(LLVMValueRef Fun) {
  auto *F = cast<Function>(unwrap(Fun));
  auto *Copy = new be_copy;
  ValueToValueMapTy Map;
  Copy->Saved = Function::Create(F->getFunctionType(), GlobalValue::InternalLinkage,
                                 F->getAddressSpace(), "", F->getParent());
  for (unsigned I = 0; I < F->arg_size(); I++)
    Map[F->getArg(I)] = Copy->Saved->getArg(I);
  for (BasicBlock &BB : *F) {
    BasicBlock *Cloned = CloneBasicBlock(&BB, Map, "", Copy->Saved);
    Map[&BB] = Cloned;
    if (!BB.hasAddressTaken())
      continue;
    BlockAddress *Address = BlockAddress::get(F, &BB);
    Map[Address] = Address;
    Copy->Taken.push_back({&BB, Cloned});
  }
  /* Metadata is shared and not cloned: what comes back is what there was. */
  const RemapFlags Flags = RF_NoModuleLevelChanges | RF_IgnoreMissingLocals;
  for (Instruction &I : instructions(Copy->Saved)) {
    RemapInstruction(&I, Map, Flags);
    RemapDbgRecordRange(F->getParent(), I.getDbgRecordRange(), Map, Flags);
  }
  return Copy;
}

static void comeBack(Function &F, be_copy &Copy) {
  SmallVector<BasicBlock *, 16> Broken;
  for (BasicBlock &BB : F)
    Broken.push_back(&BB);
  F.splice(F.begin(), Copy.Saved);
  for (auto &[Old, New] : Copy.Taken)
    BlockAddress::get(&F, cast<BasicBlock>(Old))->replaceAllUsesWith(BlockAddress::get(&F, New));
  for (BasicBlock *BB : Broken)
    BB->dropAllReferences();
  for (BasicBlock *BB : Broken)
    BB->eraseFromParent();
  for (unsigned I = 0; I < F.arg_size(); I++)
    Copy.Saved->getArg(I)->replaceAllUsesWith(F.getArg(I));
}

bool register_restore(LLVMValueRef Fun, be_copy *Copy, bool Broken) {
  bool Can = all_of(Copy->Taken, [](const auto &Pair) { return Pair.first != nullptr; });
  if (Broken && Can)
    comeBack(*cast<Function>(unwrap(Fun)), *Copy);
  Copy->Saved->eraseFromParent();
  delete Copy;
  return !Broken || Can;
}

/* ---- diagnostics --------------------------------------------------------------------------------
 */

static DiagnosticLocation locationOf(const Function &F, const be_remark &Remark) {
  DISubprogram *Program = F.getSubprogram();
  if (!Program || !Remark.line)
    return DiagnosticLocation(Program);
  LLVMContext &Ctx = F.getContext();
  DIScope *Scope = Program;
  if (Remark.file && Program->getFilename() != Remark.file) /* inlined from another file */
    Scope = DILexicalBlockFile::get(Ctx, Program,
                                    DIFile::get(Ctx, Remark.file, Program->getDirectory()), 0);
  return DiagnosticLocation(DebugLoc(DILocation::get(Ctx, Remark.line, Remark.column, Scope)));
}

template <typename Kind>
static void emit(OptimizationRemarkEmitter &Emitter, const Function &F, const be_remark &Remark,
                 StringRef Text) {
  Kind Out(Remark.pass, Remark.name, locationOf(F, Remark), &F.getEntryBlock());
  Out << Text;
  Emitter.emit(Out);
}

bool register_listens(LLVMContextRef Context) {
  LLVMContext &Ctx = *unwrap(Context);
  return Ctx.getLLVMRemarkStreamer() || Ctx.getDiagHandlerPtr()->isAnyRemarkEnabled();
}

void register_remark(LLVMValueRef Fun, const be_remark *Remark, const char *Text) {
  auto *F = cast<Function>(unwrap(Fun));
  OptimizationRemarkEmitter Emitter(F);
  if (Remark->kind == BE_REMARK_PASSED)
    emit<OptimizationRemark>(Emitter, *F, *Remark, Text);
  else if (Remark->kind == BE_REMARK_MISSED)
    emit<OptimizationRemarkMissed>(Emitter, *F, *Remark, Text);
  else
    emit<OptimizationRemarkAnalysis>(Emitter, *F, *Remark, Text);
}

namespace {
class Message : public DiagnosticInfo {
  const Twine &Text;

public:
  Message(const Twine &T, DiagnosticSeverity Severity)
      : DiagnosticInfo(getNextAvailablePluginDiagnosticKind(), Severity), Text(T) {}
  void print(DiagnosticPrinter &Printer) const override { Printer << Text; }
};
} // namespace

static void diagnose(Module &M, const Twine &Text, DiagnosticSeverity Severity) {
  M.getContext().diagnose(Message(Text, Severity));
}

void register_warn(LLVMModuleRef M, const char *Text) {
  diagnose(*unwrap(M), "backedge: " + Twine(Text), DS_Warning);
}

void register_fail(LLVMModuleRef M, const char *Text) {
  diagnose(*unwrap(M), "backedge: " + Twine(Text), DS_Error);
}

/* ---- options ------------------------------------------------------------------------------------
 */

/* The keys as options of the host's command line, once per process. */
static SmallVector<cl::opt<std::string> *, 8> *CommandLine;

static void declareOptions() {
  static SmallVector<std::string, 8> Names;
  CommandLine = new SmallVector<cl::opt<std::string> *, 8>;
  for (const char *const *Key = be_options_keys(); *Key; Key++)
    Names.push_back(std::string("backedge-") + *Key);
  for (const std::string &Name : Names)
    CommandLine->push_back(
        new cl::opt<std::string>(StringRef(Name), cl::desc("Backedge option"), cl::Hidden));
}

static bool readCommandLine(be_options *Options, char *Err, size_t Size) {
  const char *const *Key = be_options_keys();
  for (cl::opt<std::string> *Option : *CommandLine) {
    if (Option->getNumOccurrences() && be_options_set(Options, *Key, Option->c_str(), Err, Size))
      return false;
    Key++;
  }
  return true;
}

/* ---- passes -------------------------------------------------------------------------------------
 */

namespace {

/* What the passes of one pipeline share. */
struct Unit {
  be_options Options;
  char Err[512] = "";
  bool Failed = false;
  bridge *Bridge = nullptr;
  bool LoopsSeen = false; /* the pipeline has been at its place for them */

  Unit() {
    Failed = !plugin_init(&Options, Err, sizeof Err) || !readCommandLine(&Options, Err, sizeof Err);
  }
  ~Unit() {
    finish();
    be_options_destroy(&Options);
  }
  bool active() const { return Failed || be_options_active(&Options); }
  bool start(Module &M);
  void finish() {
    if (Bridge)
      plugin_finish(Bridge);
    Bridge = nullptr;
    LoopsSeen = false;
  }
};

bool Unit::start(Module &M) {
  if (!Bridge && !Failed) {
    Bridge = plugin_start(wrap(&M), &Options, Err, sizeof Err);
    Failed = !Bridge;
  }
  if (Failed && *Err) {
    register_fail(wrap(&M), Err);
    *Err = '\0';
  }
  return !Failed;
}

struct FunctionPlace : PassInfoMixin<FunctionPlace> {
  std::shared_ptr<Unit> TheUnit;
  explicit FunctionPlace(std::shared_ptr<Unit> U) : TheUnit(std::move(U)) {}
  PreservedAnalyses run(Function &F, FunctionAnalysisManager &Analyses) {
    TheUnit->LoopsSeen = true;
    if (!TheUnit->start(*F.getParent()))
      return PreservedAnalyses::all();
    TheUnit->Bridge->analyses = &Analyses;
    bool Changed = run_place(TheUnit->Bridge, wrap(&F), BE_PLACE_LOOPS);
    TheUnit->Bridge->analyses = nullptr;
    return Changed ? PreservedAnalyses::none() : PreservedAnalyses::all();
  }
  static bool isRequired() { return true; }
};

/* Before the optimizer: what the source asks for. */
struct RequestPlace : PassInfoMixin<RequestPlace> {
  PreservedAnalyses run(Module &M, ModuleAnalysisManager &) {
    return request_read(wrap(&M)) ? PreservedAnalyses::none() : PreservedAnalyses::all();
  }
  static bool isRequired() { return true; }
};

/* LOOPS too where asked for, if the pipeline had no place of its own for it. */
struct ModulePlace : PassInfoMixin<ModulePlace> {
  std::shared_ptr<Unit> TheUnit;
  bool Loops;
  ModulePlace(std::shared_ptr<Unit> U, bool L) : TheUnit(std::move(U)), Loops(L) {}
  PreservedAnalyses run(Module &M, ModuleAnalysisManager &) {
    if (!TheUnit->start(M))
      return PreservedAnalyses::all();
    bool Changed = false;
    SmallVector<Function *, 64> Functions;
    for (Function &F : M)
      if (!F.isDeclaration())
        Functions.push_back(&F);
    be_place Place = Loops && !TheUnit->LoopsSeen ? BE_PLACE_LOOPS : BE_PLACE_LAST;
    for (Function *F : Functions)
      Changed |= run_place(TheUnit->Bridge, wrap(F), Place);
    TheUnit->finish();
    return Changed ? PreservedAnalyses::none() : PreservedAnalyses::all();
  }
  static bool isRequired() { return true; }
};

} // namespace

/* 'backedge' or 'backedge<a;b>': a pipeline's text has other uses for commas and parentheses. */
static bool parsePass(StringRef Name, ModulePassManager &Manager) {
  if (!Name.consume_front("backedge"))
    return false;
  auto U = std::make_shared<Unit>();
  if (Name.consume_front("<") && Name.consume_back(">")) {
    std::string Passes = Name.str();
    std::replace(Passes.begin(), Passes.end(), ';', ',');
    U->Failed |= be_options_set(&U->Options, "passes", Passes.c_str(), U->Err, sizeof U->Err) != 0;
  } else if (!Name.empty()) {
    return false;
  }
  Manager.addPass(RequestPlace());
  Manager.addPass(ModulePlace(U, true));
  return true;
}

static void registerPasses(PassBuilder &Builder) {
  Builder.registerPipelineParsingCallback(
      [](StringRef Name, ModulePassManager &Manager, ArrayRef<PassBuilder::PipelineElement>) {
        return parsePass(Name, Manager);
      });
  Builder.registerPipelineStartEPCallback(
      [](ModulePassManager &Manager, OptimizationLevel) { Manager.addPass(RequestPlace()); });
  auto U = std::make_shared<Unit>();
  if (!U->active())
    return;
  if (U->Options.mode == BE_MODE_PASSES)
    Builder.registerVectorizerStartEPCallback([U](FunctionPassManager &Manager, OptimizationLevel) {
      Manager.addPass(FunctionPlace(U));
    });
  Builder.registerOptimizerLastEPCallback(
      [U](ModulePassManager &Manager, OptimizationLevel Level, auto...) {
        Manager.addPass(ModulePlace(U, Level == OptimizationLevel::O0));
      });
  Builder.registerFullLinkTimeOptimizationLastEPCallback(
      [U](ModulePassManager &Manager, OptimizationLevel) {
        Manager.addPass(ModulePlace(U, true));
      });
}

/* ---- entry --------------------------------------------------------------------------------------
 */

static bool isOurVersion() {
  unsigned Major, Minor, Patch;
  LLVMGetVersion(&Major, &Minor, &Patch);
  return Major == LLVM_VERSION_MAJOR;
}

/* Before anything of this file touches the host's classes. */
__attribute__((constructor)) static void onLoad() {
  if (isOurVersion())
    declareOptions();
}

extern "C" __attribute__((visibility("default"))) PassPluginLibraryInfo llvmGetPassPluginInfo() {
  if (isOurVersion())
    return {LLVM_PLUGIN_API_VERSION, "backedge", LLVM_VERSION_STRING, registerPasses};
  unsigned Major, Minor, Patch;
  LLVMGetVersion(&Major, &Minor, &Patch);
  fprintf(stderr, "error: backedge: this plugin was built for LLVM %s, but this is LLVM %u.%u.%u\n",
          LLVM_VERSION_STRING, Major, Minor, Patch);
  return {LLVM_PLUGIN_API_VERSION, "backedge", LLVM_VERSION_STRING, nullptr};
}
