//! What the evaluator runs: a compact, owned tree with all names resolved.
//!
//! Made by `front::lower`, run by `eval`. Variables live in numbered slots of a frame, one frame for each
//! running function (template, macro, caller body, recursive loop body); see `front::symbols`.

use std::sync::Arc;

use super::call::Call;
use super::error::Error;
use super::value::{BinaryOp, UnaryOp, Value};
use crate::diag::{FileId, Span};

/// A function body: a template, a macro, the body of a call block, or of a recursive loop.
pub(crate) struct Code {
    pub(crate) name: Arc<str>,
    pub(crate) file: FileId,
    pub(crate) span: Place,
    pub(crate) params: Vec<Param>,
    /// The number of slots a frame of this code needs.
    pub(crate) slots: u32,
    pub(crate) varargs: Option<u32>,
    pub(crate) kwargs: Option<u32>,
    pub(crate) caller: Option<u32>,
    pub(crate) enter: Vec<Load>,
    pub(crate) body: Vec<Stmt>,
    /// The body of a call block: `return()` passes through it.
    pub(crate) is_caller: bool,
}

/// A byte range of the code's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Place {
    pub(crate) fn in_file(self, file: FileId) -> Span {
        Span { file, start: self.start, end: self.end }
    }
}

impl From<Span> for Place {
    fn from(span: Span) -> Self {
        Self { start: span.start, end: span.end }
    }
}

pub(crate) struct Param {
    pub(crate) name: Arc<str>,
    pub(crate) slot: u32,
    pub(crate) default: Option<Expr>,
}

/// What happens to a slot when its scope is entered.
#[derive(Clone, Copy)]
pub(crate) enum Load {
    /// It becomes missing.
    Missing(u32),
    /// It takes the value the name has outside.
    Alias { slot: u32, hops: u32, from: u32 },
}

pub(crate) enum Stmt {
    Text {
        text: Box<str>,
        place: Place,
    },
    Emit {
        expr: Expr,
        constant: bool,
    },
    If {
        arms: Vec<(Expr, Vec<Stmt>)>,
        otherwise: Vec<Stmt>,
    },
    /// Shared, since a recursive loop's variable holds it.
    For(Arc<For>),
    With {
        enter: Vec<Load>,
        bindings: Vec<(Target, Expr)>,
        body: Vec<Stmt>,
    },
    Set {
        target: Target,
        value: Expr,
    },
    SetBlock {
        target: Target,
        filter: Option<Expr>,
        enter: Vec<Load>,
        body: Vec<Stmt>,
    },
    Filter {
        filter: Expr,
        enter: Vec<Load>,
        body: Vec<Stmt>,
    },
    Macro {
        code: Arc<Code>,
        slot: u32,
    },
    CallBlock {
        call: Expr,
        caller: Arc<Code>,
    },
    Do(Expr),
    Break,
    Continue,
    Block {
        enter: Vec<Load>,
        body: Vec<Stmt>,
    },
}

pub(crate) struct For {
    pub(crate) iter: Expr,
    pub(crate) filter: Option<LoopFilter>,
    pub(crate) target: Target,
    /// Where the `loop` variable goes, when the body mentions it.
    pub(crate) loop_slot: Option<u32>,
    pub(crate) enter: Vec<Load>,
    pub(crate) body: Vec<Stmt>,
    /// For `recursive`: the number of slots of the body's own frames.
    pub(crate) recursive: Option<u32>,
    pub(crate) else_enter: Vec<Load>,
    pub(crate) else_body: Vec<Stmt>,
}

/// The `if` of a `for`.
pub(crate) struct LoopFilter {
    pub(crate) enter: Vec<Load>,
    pub(crate) target: Target,
    pub(crate) condition: Expr,
}

/// What an assignment writes to.
pub(crate) enum Target {
    Slot(u32),
    /// An attribute of a namespace.
    Attr(Expr, Arc<str>),
    Tuple(Vec<Target>, Place),
}

pub(crate) struct Expr {
    pub(crate) place: Place,
    pub(crate) kind: ExprKind,
}

pub(crate) enum ExprKind {
    Const(Value),
    Local(Local),
    Global(Arc<str>),
    Attr(Box<Expr>, Arc<str>),
    Item(Box<(Expr, Expr)>),
    /// Sequence, start, stop, step.
    Slice(Box<(Expr, [Option<Expr>; 3])>),
    Call(Box<CallExpr>),
    Filter(Box<FilterExpr>),
    Unary(UnaryOp, Box<Expr>),
    /// `a + b - c`: the first operand, then each operator with the next one and the place so far.
    Chain(Box<Expr>, Vec<(BinaryOp, Expr, Place)>),
    Concat(Vec<Expr>),
    Compare(Box<(Expr, Vec<(CompareOp, Expr)>)>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    /// Condition, then, else.
    If(Box<(Expr, Expr, Option<Expr>)>),
    List(Vec<Expr>),
    Tuple(Vec<Expr>),
    Dict(Vec<(Expr, Expr)>),
    /// The captured text that the filter of a block works on.
    Captured,
}

/// A variable in a slot, `hops` functions further out.
pub(crate) struct Local {
    pub(crate) hops: u32,
    pub(crate) slot: u32,
    /// Whether a missing variable is looked up among the globals.
    pub(crate) fallback: bool,
    pub(crate) name: Arc<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CompareOp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    In,
    NotIn,
}

pub(crate) struct CallExpr {
    pub(crate) callee: Expr,
    pub(crate) args: Vec<Arg>,
}

/// A filter or a test.
pub(crate) struct FilterExpr {
    pub(crate) name: Arc<str>,
    /// `None` for a filter that does not exist, which is an error when it is reached.
    pub(crate) function: Option<Builtin>,
    pub(crate) input: Expr,
    pub(crate) args: Vec<Arg>,
    pub(crate) is_test: bool,
}

/// A filter or test; its input is the first argument.
pub(crate) type Builtin = fn(&mut Call<'_>) -> Result<Value, Error>;

pub(crate) enum Arg {
    Positional(Expr),
    Named(Arc<str>, Expr),
    Spread(Expr),
    SpreadNamed(Expr),
}
