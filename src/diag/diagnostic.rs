//! One problem, told once: what, where, why, and what to do.

use super::{Code, Span};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Told, and the work goes on.
    Warning,
    /// The work cannot be done as asked.
    Error,
}

impl Severity {
    /// Returns the word for it, for people and for programs. SARIF's levels have the same names.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A second place that explains the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What this place has to do with it.
    pub text: String,
}

/// One step of a macro call stack, innermost first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What was running, for example ``macro `cents_to_dollars` `` or ``model `orders` ``.
    pub name: String,
    /// Where it stood when the next inner step began.
    pub span: Option<Span>,
}

/// A problem a user can cause or must know. Built with the methods below, shown by [`super::render`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What kind of problem.
    pub code: Code,
    /// Where, when a place is known.
    pub span: Option<Span>,
    /// What is wrong: lower case, names in backticks, no final stop.
    pub message: String,
    /// Text beside the marked place; empty for none.
    pub note_at_span: String,
    /// Other places that matter.
    pub labels: Vec<Label>,
    /// Further facts, each on its own line (for example the database's own words).
    pub notes: Vec<String>,
    /// What to do about it.
    pub help: Vec<String>,
    /// The macro call stack, innermost first.
    pub trace: Vec<Frame>,
    /// The class of errors that dbt counts this one in, where it is not that of the code.
    pub counted_as: Option<&'static str>,
    /// dbt's name of this warning, which `--warn-error-options` takes; empty for the usual one of the code.
    pub known_as: &'static str,
    /// What dbt's event of that name carries, by its keys: tools read it from the log.
    pub facts: Vec<(&'static str, String)>,
}

impl Diagnostic {
    /// Makes an error. `span` is a [`Span`] or an `Option<Span>`.
    pub fn error(code: Code, span: impl Into<Option<Span>>, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, span.into(), message.into())
    }

    /// Makes a warning. `span` is a [`Span`] or an `Option<Span>`.
    pub fn warning(code: Code, span: impl Into<Option<Span>>, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, span.into(), message.into())
    }

    fn new(severity: Severity, code: Code, span: Option<Span>, message: String) -> Self {
        Self {
            severity,
            code,
            span,
            message,
            note_at_span: String::new(),
            labels: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
            trace: Vec::new(),
            counted_as: None,
            known_as: "",
            facts: Vec::new(),
        }
    }

    /// Sets the text beside the marked place.
    #[must_use]
    pub fn at(mut self, text: impl Into<String>) -> Self {
        self.note_at_span = text.into();
        self
    }

    /// Adds another place that matters.
    #[must_use]
    pub fn label(mut self, span: impl Into<Option<Span>>, text: impl Into<String>) -> Self {
        if let Some(span) = span.into() {
            self.labels.push(Label { span, text: text.into() });
        }
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Adds advice; nothing when `text` is `None`.
    #[must_use]
    pub fn help<T: Into<String>>(mut self, text: impl Into<Option<T>>) -> Self {
        self.help.extend(text.into().map(Into::into));
        self
    }

    /// Sets the macro call stack, innermost first.
    #[must_use]
    pub fn trace(mut self, frames: Vec<Frame>) -> Self {
        self.trace = frames;
        self
    }

    /// Sets the class of errors that dbt counts this one in, for example `Internal Error`.
    #[must_use]
    pub fn counted_as(mut self, class: &'static str) -> Self {
        self.counted_as = Some(class);
        self
    }

    /// Sets dbt's name of this warning, for example `MissingPlusPrefixDeprecation`.
    #[must_use]
    pub fn known_as(mut self, name: &'static str) -> Self {
        self.known_as = name;
        self
    }

    /// Adds what dbt's event carries under a key.
    #[must_use]
    pub fn fact(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.facts.push((key, value.into()));
        self
    }

    /// Returns the class of errors that dbt counts this one in: that of its code, unless it was set apart.
    pub fn class(&self) -> &'static str {
        self.counted_as.unwrap_or_else(|| self.code.class())
    }

    /// Tells whether this is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Returns ``did you mean `x`?`` for the known name nearest to `name`, if one is near enough.
pub fn suggest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(name, known).map(|best| format!("did you mean `{best}`?"))
}

/// Returns the known name nearest to `name`, if one is near enough: a third of its letters may differ, rounded.
///
/// Any other name of one or two letters would be as near as the right one: for those only the case may differ.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = match name.chars().count() {
        0..3 => 0,
        length => (length + 1) / 3,
    };
    let name = name.to_lowercase();
    let (distance, best) = known
        .into_iter()
        .map(|other| (strsim::damerau_levenshtein(&name, &other.to_lowercase()), other))
        .min()?;
    (distance <= limit).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_suggested_if_they_are_near() {
        assert_eq!(nearest("custmer_id", ["customer_id", "customer"]), Some("customer_id"));
        assert_eq!(nearest("Totl", ["total", "status"]), Some("total"));
        assert_eq!(nearest("payed", ["orders", "paid"]), Some("paid"));
        assert_eq!(nearest("amount", ["order_id", "status"]), None);
        assert_eq!(nearest("o", ["p"]), None);
        assert_eq!(nearest("ID", ["id", "ip"]), Some("id"));
    }
}
