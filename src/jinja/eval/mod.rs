//! Runs lowered templates.
//!
//! [`State`] is one render: its globals, the macros running, and where captured text came from. A frame
//! holds the variables of one running function; macros and call blocks keep the frame they were made in.

mod access;
mod exec;
mod expr;
mod invoke;
mod loops;
mod macros;
mod native;

use std::cell::Cell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) use access::{get_attr, get_item, pairs};
pub(crate) use invoke::{call_value, render_nested};
pub(crate) use macros::{Later, Macro, MacroCode};
pub(crate) use native::render_native;

use super::error::Error;
use super::ir::{Code, Load, Place, Stmt};
use super::source_map::{Segment, Site, SourceMap, append};
use super::value::{Undefined, Value, write_str};
use super::{Scope, UndefinedMode};
use crate::diag::{FileId, Frame as TraceFrame, Span};
use crate::hash::HashMap;

/// Macros calling each other deeper than this are taken for endless recursion.
const MOST_CALLS: u32 = 900;
/// What a thread's stack is taken to hold for templates unless [`reserve_stack`] says more, in bytes.
const STACK: usize = 1_400_000;

thread_local! {
    /// The address at which the outermost render of this thread began; 0 outside.
    static STACK_BASE: Cell<usize> = const { Cell::new(0) };
    static STACK_SIZE: Cell<usize> = const { Cell::new(STACK) };
}

/// Tells that templates rendered on this thread may use so many bytes of stack: call it at the start of a
/// thread that was given a stack larger than the usual 2 MiB.
pub fn reserve_stack(bytes: usize) {
    STACK_SIZE.set(bytes);
}

/// The variables of a running function.
pub(crate) struct Frame {
    slots: Mutex<Box<[Value]>>,
    parent: Option<Arc<Frame>>,
}

impl Frame {
    pub(crate) fn new(slots: u32, parent: Option<Arc<Frame>>) -> Arc<Self> {
        let slots = vec![Value::UNDEFINED; slots as usize].into_boxed_slice();
        Arc::new(Self { slots: Mutex::new(slots), parent })
    }

    fn lock(&self) -> MutexGuard<'_, Box<[Value]>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a variable; minijinja's undefined stands for "not set yet".
    fn get(&self, hops: u32, slot: u32) -> Value {
        let mut frame = self;
        for _ in 0..hops {
            match &frame.parent {
                Some(parent) => frame = parent,
                None => return Value::UNDEFINED,
            }
        }
        frame.lock().get(slot as usize).cloned().unwrap_or_default()
    }

    /// Tells whether there is a function so many functions further out. There is none around a macro that was taken out
    /// of its template.
    fn reaches(&self, hops: u32) -> bool {
        let mut frame = Some(self);
        for _ in 0..hops {
            frame = frame.and_then(|frame| frame.parent.as_deref());
        }
        frame.is_some()
    }

    fn set(&self, slot: u32, value: Value) {
        if let Some(place) = self.lock().get_mut(slot as usize) {
            *place = value;
        }
    }

    fn clear(&self) {
        self.lock().fill(Value::UNDEFINED);
    }

    fn enter(&self, loads: &[Load]) {
        for load in loads {
            match *load {
                Load::Missing(slot) => self.set(slot, Value::UNDEFINED),
                Load::Alias { slot, hops, from } => self.set(slot, self.get(hops, from)),
            }
        }
    }
}

/// The function that runs: its variables, and the file its code is in.
#[derive(Clone)]
struct Running {
    file: FileId,
    frame: Arc<Frame>,
}

impl Running {
    fn new(code: &Code, closure: Option<Arc<Frame>>) -> Self {
        Self { file: code.file, frame: Frame::new(code.slots, closure) }
    }

    fn span(&self, place: Place) -> Span {
        place.in_file(self.file)
    }
}

/// How a statement ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

/// Text being produced, and where it comes from.
#[derive(Default)]
pub(crate) struct Output {
    pub(crate) text: String,
    pub(crate) segments: Vec<Segment>,
}

impl Output {
    fn here(&self) -> u32 {
        u32::try_from(self.text.len()).unwrap_or(u32::MAX)
    }
}

/// One render.
pub(crate) struct State {
    pub(crate) scope: Arc<dyn Scope>,
    capture: bool,
    /// Whether a value is wanted, no text: dbt's `as_*` filters then mark their input.
    pub(crate) native: bool,
    depth: u32,
    stack_base: usize,
    stack_size: usize,
    outermost: bool,
    sites: Vec<Site>,
    site: Option<u32>,
    /// The text that the filters of enclosing `filter` and `set` blocks work on.
    captured: Vec<Value>,
    /// Text that macros and blocks produced as values, by the address of its bytes.
    texts: HashMap<usize, (Value, Vec<Segment>)>,
}

impl Drop for State {
    fn drop(&mut self) {
        if self.outermost {
            STACK_BASE.set(0);
        }
    }
}

impl State {
    pub(crate) fn new(scope: &Arc<dyn Scope>) -> Self {
        let outermost = STACK_BASE.get() == 0;
        if outermost {
            STACK_BASE.set(stack_address());
        }
        Self {
            scope: Arc::clone(scope),
            capture: scope.undefined() == UndefinedMode::Capture,
            native: false,
            depth: 0,
            stack_base: STACK_BASE.get(),
            stack_size: STACK_SIZE.get(),
            outermost,
            sites: Vec::new(),
            site: None,
            captured: Vec::new(),
            texts: HashMap::default(),
        }
    }

    /// Tells whether undefined values are tolerated, as while parsing.
    pub(crate) fn captures(&self) -> bool {
        self.capture
    }

    /// Makes the value of a part of another value's text, which keeps its origins.
    pub(crate) fn part_of(&mut self, whole: &Value, part: &str, start: usize) -> Value {
        let known = whole.as_str().and_then(|text| self.texts.get(&address(text)));
        let Some((_, segments)) = known else { return Value::from(part) };
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let mut out = Output { text: part.to_owned(), segments: Vec::new() };
        append(&mut out.segments, segments, 0, clamp(start)..clamp(start + part.len()));
        self.text_value(out)
    }

    /// Makes an undefined of a name.
    pub(crate) fn undefined(&self, name: &str) -> Value {
        Undefined { name: name.into(), hint: None, among: None, capture: self.capture }.into_value()
    }

    /// Makes an undefined that explains itself.
    fn undefined_because(&self, name: &str, hint: String) -> Value {
        Undefined::because(name, hint, self.capture)
    }

    /// The same for what a value does not have.
    fn undefined_in(&self, value: &Value, name: &str, hint: String) -> Value {
        let among = Some(value.clone());
        Undefined { name: name.into(), hint: Some(hint), among, capture: self.capture }.into_value()
    }

    /// Fails when the stack is nearly used up.
    fn check_stack(&self) -> Result<(), Error> {
        if self.stack_base.abs_diff(stack_address()) > self.stack_size || self.depth > MOST_CALLS {
            return Err(Error::runtime("maximum recursion depth exceeded")
                .help("a macro calls itself without an end, or an expression is nested too deeply"));
        }
        Ok(())
    }

    /// Returns the running macros, innermost first, seen from a place in the innermost.
    pub(crate) fn stack(&self, from: Span) -> Vec<TraceFrame> {
        let mut frames = Vec::new();
        let (mut at, mut site) = (from, self.site);
        while let Some(call) = site.and_then(|i| self.sites.get(i as usize)) {
            frames.push(TraceFrame { name: format!("macro `{}`", call.name), span: Some(at) });
            at = call.called_at;
            site = call.parent;
        }
        frames
    }

    fn literal(&self, out: &mut Output, text: &str, span: Span) {
        out.segments.push(Segment { start: out.here(), span: Some(span), literal: true, site: self.site });
        out.text.push_str(text);
    }

    /// Prints a value, with its own origins when templates of this render made its text.
    fn print(&self, out: &mut Output, value: &Value, span: Span) {
        let start = out.here();
        write_str(&mut out.text, value);
        let end = out.here();
        if end == start {
            return;
        }
        let known = if self.texts.is_empty() {
            None
        } else {
            value.as_str().and_then(|t| self.texts.get(&address(t)))
        };
        match known {
            Some((_, segments)) => append(&mut out.segments, segments, start, 0..end - start),
            None => {
                out.segments.push(Segment { start, span: Some(span), literal: false, site: self.site });
            }
        }
    }

    /// Makes a value of produced text and remembers where it came from.
    fn text_value(&mut self, out: Output) -> Value {
        let value = Value::from(out.text);
        if let Some(text) = value.as_str().filter(|text| text.len() > 64) {
            self.texts.insert(address(text), (value.clone(), out.segments));
        }
        value
    }

    pub(crate) fn map_of(&self, value: &Value) -> Option<SourceMap> {
        let text = value.as_str()?;
        let (_, segments) = self.texts.get(&address(text))?;
        let len = u32::try_from(text.len()).unwrap_or(u32::MAX);
        Some(SourceMap { segments: segments.clone(), sites: self.sites.clone(), len })
    }
}

fn address(text: &str) -> usize {
    text.as_ptr() as usize
}

fn stack_address() -> usize {
    let marker = 0_u8;
    &raw const marker as usize
}

/// Renders a template to text.
pub(crate) fn render(code: &Code, scope: &Arc<dyn Scope>) -> Result<(String, SourceMap), Error> {
    let mut state = State::new(scope);
    let mut out = Output::default();
    let running = Running::new(code, None);
    let result = state.exec(&code.body, &running, &mut out);
    // Macros made in the template hold its frame, which holds them: break the circle.
    running.frame.clear();
    if let Err(error) = result {
        let value = error.into_returned()?;
        out = Output::default();
        state.print(&mut out, &value, running.span(code.span));
    }
    let len = out.here();
    Ok((out.text, SourceMap { segments: out.segments, sites: std::mem::take(&mut state.sites), len }))
}

/// Evaluates an expression that was compiled alone.
pub(crate) fn evaluate(code: &Code, scope: &Arc<dyn Scope>) -> Result<Value, Error> {
    let mut state = State::new(scope);
    let running = Running::new(code, None);
    let result = match code.body.as_slice() {
        [Stmt::Emit { expr, .. }] => state.eval(expr, &running),
        _ => Err(Error::runtime("not an expression")),
    };
    result.or_else(Error::into_returned)
}
