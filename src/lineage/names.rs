//! Names in the tree → names as the engine compares and shows them.

use sqlparser::ast::{
    AccessExpr, CastKind, Expr, Function, Ident, ObjectName, ObjectNamePart, SelectItem, Subscript,
};

use crate::sql::{Dialect, Fold};

/// Returns a name as it is compared: DuckDB never minds the case, Postgres does not in unquoted names.
pub(super) fn key(ident: &Ident, dialect: &dyn Dialect) -> String {
    if ident.quote_style.is_some() && dialect.fold() == Fold::Lower {
        ident.value.clone()
    } else {
        ident.value.to_lowercase()
    }
}

/// Returns a name as the engine shows it.
pub(super) fn shown(ident: &Ident, dialect: &dyn Dialect) -> String {
    if ident.quote_style.is_some() {
        ident.value.clone()
    } else {
        dialect.fold_name(&ident.value).into_owned()
    }
}

/// Returns the parts of a name, as compared.
pub(super) fn parts(name: &ObjectName, dialect: &dyn Dialect) -> Vec<String> {
    name.0.iter().filter_map(ObjectNamePart::as_ident).map(|ident| key(ident, dialect)).collect()
}

/// Returns the last part of a name, in lower case.
pub(super) fn last(name: &ObjectName) -> String {
    name.0
        .last()
        .and_then(ObjectNamePart::as_ident)
        .map(|ident| ident.value.to_lowercase())
        .unwrap_or_default()
}

/// Returns the name of an output column, shown and compared.
pub(super) fn of_item(item: &SelectItem, dialect: &dyn Dialect) -> (String, String) {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => (shown(alias, dialect), key(alias, dialect)),
        SelectItem::UnnamedExpr(expr) => of_expr(expr, dialect),
        other => (other.to_string(), other.to_string().to_lowercase()),
    }
}

/// Returns the name the engine gives to an expression that has none: the text, where it is nothing shorter.
pub(super) fn of_expr(expr: &Expr, dialect: &dyn Dialect) -> (String, String) {
    let found = match expr {
        Expr::Identifier(ident) => Some(ident),
        Expr::CompoundIdentifier(parts) => parts.last(),
        Expr::Nested(inner) => return of_expr(inner, dialect),
        _ => None,
    };
    if let Some(ident) = found {
        return (shown(ident, dialect), key(ident, dialect));
    }
    let name = if dialect.is_friendly() { expr.to_string() } else { short(expr, dialect) };
    let key = name.to_lowercase();
    (name, key)
}

/// Postgres' names (`FigureColname`): a function's, that of what is cast or accessed, else `?column?`.
fn short(expr: &Expr, dialect: &dyn Dialect) -> String {
    let nothing = || "?column?".to_owned();
    match expr {
        Expr::Function(Function { name, .. }) => last(name),
        Expr::Cast { expr, data_type, kind: CastKind::Cast | CastKind::DoubleColon, .. } => {
            let inner = of_expr(expr, dialect).0;
            if inner == "?column?" { data_type.to_string().to_lowercase() } else { inner }
        }
        Expr::Case { else_result, .. } => {
            let other = else_result.as_ref().map(|other| of_expr(other, dialect).0);
            other.filter(|name| name != "?column?").unwrap_or_else(|| "case".to_owned())
        }
        Expr::Exists { .. } => "exists".to_owned(),
        Expr::Array(_) => "array".to_owned(),
        Expr::Extract { .. } => "extract".to_owned(),
        Expr::Substring { .. } => "substring".to_owned(),
        Expr::Trim { .. } => "btrim".to_owned(),
        Expr::Position { .. } => "position".to_owned(),
        Expr::Ceil { .. } => "ceil".to_owned(),
        Expr::Floor { .. } => "floor".to_owned(),
        Expr::AtTimeZone { .. } => "timezone".to_owned(),
        Expr::Interval(_) => "interval".to_owned(),
        Expr::TypedString(typed) => typed.data_type.to_string().to_lowercase(),
        Expr::CompoundFieldAccess { root, access_chain } => match access_chain.last() {
            Some(AccessExpr::Dot(Expr::Identifier(field))) => shown(field, dialect),
            Some(AccessExpr::Subscript(Subscript::Index { .. } | Subscript::Slice { .. })) => {
                of_expr(root, dialect).0
            }
            _ => nothing(),
        },
        Expr::Subquery(query) => match query.body.as_select().and_then(|select| select.projection.first()) {
            Some(item @ (SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. })) => {
                of_item(item, dialect).0
            }
            _ => nothing(),
        },
        _ => nothing(),
    }
}
