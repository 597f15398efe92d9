//! What only functions have: `arguments` and `returns` of their entries. Called by `properties`, and by `checks`.

use crate::diag::{Code, Diagnostic, Span};
use crate::manifest::{FunctionArgument, FunctionReturns, Node, Signature};
use crate::yaml::{Map, Yaml};

use super::columns::Reader;
use super::resolve::start;

/// Reads the signature of an entry; what is wrong with it is reported.
pub(super) fn signature(
    given: &Map,
    (name, span): (&str, Span),
    problems: &mut Vec<Diagnostic>,
) -> Signature {
    let mut entry = Reader { given, span, problems };
    let items = entry.list("arguments");
    let arguments = items.iter().filter_map(|item| argument(item, name, problems)).collect();
    let returns = match given.get("returns").map(|returns| (returns.as_map(), returns)) {
        Some((Some(map), returns)) => result(map, returns.span, name, problems),
        Some((None, other)) => {
            problems.push(*other.unexpected("returns", "a mapping with a `data_type`"));
            None
        }
        None => {
            let message = format!("function `{name}` needs `returns` with a `data_type`");
            problems.push(
                Diagnostic::error(Code::MISSING_KEY, span, message)
                    .help("write `returns: {data_type: integer}`"),
            );
            None
        }
    };
    Signature { arguments, returns: returns.unwrap_or(Signature::default().returns) }
}

fn argument(item: &Yaml, function: &str, problems: &mut Vec<Diagnostic>) -> Option<FunctionArgument> {
    let Some(given) = item.as_map() else {
        problems.push(*item.unexpected_item("arguments", "a mapping with `name` and `data_type`"));
        return None;
    };
    let mut read = Reader { given, span: item.span, problems };
    let name = read.name("argument")?;
    let data_type = data_type(&mut read, &format!("argument `{name}` of function `{function}`"))?;
    let default = given.get("default_value").filter(|value| !value.is_null()).map(Yaml::to_json);
    Some(FunctionArgument { name, data_type, description: read.text("description"), default_value: default })
}

fn result(
    given: &Map,
    span: Span,
    function: &str,
    problems: &mut Vec<Diagnostic>,
) -> Option<FunctionReturns> {
    let mut read = Reader { given, span, problems };
    let data_type = data_type(&mut read, &format!("`returns` of function `{function}`"))?;
    Some(FunctionReturns { data_type, description: read.text("description") })
}

fn data_type(read: &mut Reader<'_>, of: &str) -> Option<String> {
    if read.given.get("data_type").is_none() {
        let message = format!("{of} needs a `data_type`");
        read.problems.push(Diagnostic::error(Code::MISSING_KEY, read.span, message));
        return None;
    }
    read.text("data_type")
}

/// Checks that arguments with a default come last. The first words are dbt's, which people search for.
pub(super) fn defaults_come_last(node: &Node) -> Option<Diagnostic> {
    let arguments = &node.signature()?.arguments;
    let first = arguments.iter().position(|argument| argument.default_value.is_some())?;
    let late = arguments[first..].iter().find(|argument| argument.default_value.is_none())?;
    let message = format!(
        "Non-defaulted argument '{}' of function '{}' comes after a defaulted argument. Non-defaulted arguments \
         cannot come after defaulted arguments. ",
        late.name, node.name
    );
    Some(
        Diagnostic::error(Code::INVALID_RESOURCE, start(node.span), message)
            .help("list the arguments without `default_value` first"),
    )
}
