//! Macros as values. Called by `invoke`, made by the engine and by templates that define them.

use std::sync::{Arc, OnceLock};

use super::{Error, Frame};
use crate::diag::Span;
use crate::jinja::engine::Engine;
use crate::jinja::ir::Code;

/// A macro as a value: its code and the variables it was made among.
pub(crate) struct Macro {
    pub(crate) code: MacroCode,
    pub(crate) closure: Option<Arc<Frame>>,
}

/// The code of a macro.
pub(crate) enum MacroCode {
    /// It was compiled with what is around it.
    Made(Arc<Code>),
    /// It is compiled when it is needed.
    Later(Box<Later>),
}

/// A macro whose text is known. Most of the macros that come with the program are called by nobody.
pub(crate) struct Later {
    pub(crate) name: Arc<str>,
    pub(crate) block: Span,
    /// The text of its file.
    pub(crate) text: &'static str,
    pub(crate) made: OnceLock<Arc<Code>>,
}

impl MacroCode {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Made(code) => &code.name,
            Self::Later(later) => &later.name,
        }
    }

    pub(crate) fn get(&self) -> Result<&Arc<Code>, Error> {
        match self {
            Self::Made(code) => Ok(code),
            Self::Later(later) => later.get(),
        }
    }
}

impl Later {
    fn get(&self) -> Result<&Arc<Code>, Error> {
        if let Some(code) = self.made.get() {
            return Ok(code);
        }
        let template = Engine::new().compile(self.block.file, self.text, self.block.range())?;
        let code =
            template.macros().next().ok_or_else(|| Error::runtime("this is no macro").or_at(self.block))?;
        Ok(self.made.get_or_init(|| Arc::clone(code)))
    }
}
