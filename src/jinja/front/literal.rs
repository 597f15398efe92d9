//! Python literals in text, as `ast.literal_eval` reads them.

use minijinja::machinery::{ast, parse_expr};

use crate::jinja::value::{UnaryOp, Value, as_int, dict, int, list, tuple, unary};

/// Returns the value of a literal: a number, text, boolean, none, or a collection of those.
pub(crate) fn literal(text: &str) -> Option<Value> {
    if !python_words(text) {
        return None;
    }
    value(&parse_expr(text.trim()).ok()?)
}

/// Jinja also knows `true`, `false` and `none`, which are no literals of Python.
fn python_words(text: &str) -> bool {
    let mut quote = None;
    let mut word = String::new();
    // What stood in front of the word.
    let mut before = ' ';
    for c in text.chars().chain([' ']) {
        match quote {
            Some(open) => {
                if c == open {
                    quote = None;
                }
                continue;
            }
            None if c == '\'' || c == '"' => quote = Some(c),
            None if c.is_alphanumeric() || c == '_' => {
                word.push(c);
                continue;
            }
            None => {}
        }
        let number = word.starts_with(|c: char| c.is_ascii_digit());
        if !word.is_empty() && !number && !matches!(word.as_str(), "True" | "False" | "None") {
            return false;
        }
        // `007` is no number of Python, `0.007` and `007.5` are.
        let octal = word.starts_with('0')
            && word.contains(|c: char| c != '0')
            && word.bytes().all(|b| b.is_ascii_digit());
        if octal && before != '.' && c != '.' {
            return false;
        }
        before = c;
        word.clear();
    }
    quote.is_none()
}

fn value(expr: &ast::Expr<'_>) -> Option<Value> {
    let all = |items: &[ast::Expr<'_>]| items.iter().map(value).collect::<Option<Vec<_>>>();
    match expr {
        ast::Expr::Const(node) => {
            let constant = node.value.clone();
            Some(as_int(&constant).filter(|_| constant.is_integer()).map_or(constant, int))
        }
        ast::Expr::UnaryOp(node) => match node.op {
            ast::UnaryOpKind::Neg => unary(UnaryOp::Neg, &value(&node.expr)?).ok(),
            ast::UnaryOpKind::Not => None,
        },
        ast::Expr::List(node) => all(&node.items).map(list),
        ast::Expr::Tuple(node) => all(&node.items).map(tuple),
        ast::Expr::Map(node) => {
            let pairs = all(&node.keys)?.into_iter().zip(all(&node.values)?);
            Some(dict(pairs))
        }
        _ => None,
    }
}
