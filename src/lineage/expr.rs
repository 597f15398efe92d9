//! Expressions → values: what an expression is made of.
//!
//! Subqueries within add their uses to the query they stand in.

use sqlparser::ast::{
    AccessExpr, BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgOperator,
    FunctionArgumentClause, FunctionArguments, LambdaFunction, LambdaSyntax, ObjectName, OneOrManyWithParens,
    OrderByExpr, Query, WindowSpec, WindowType,
};

use super::children::{children, subscripts};
use super::functions;
use super::names::{key, last, parts};
use super::resolver::Resolver;
use super::scope::Scope;
use super::star::is_columns;
use super::value::{Step, Use, Value};

/// Names that the engines give every table, or that are functions without parentheses.
const SYSTEM_NAMES: [&str; 9] = [
    "rowid",
    "ctid",
    "xmin",
    "xmax",
    "tableoid",
    "current_catalog",
    "current_schema",
    "session_user",
    "user",
];

/// Schemas that functions may be qualified with: before anything else it is a value in front of a method.
const FUNCTION_SCHEMAS: [&str; 4] = ["main", "pg_catalog", "system", "public"];

impl Resolver<'_> {
    /// Adds what an expression is made of to the uses of the query.
    pub(super) fn use_expr(&mut self, expr: &Expr, scope: &Scope<'_>, how: Use) {
        let value = self.expr(expr, scope);
        self.uses.add(&value, how);
    }

    /// Resolves an expression.
    pub(super) fn expr(&mut self, expr: &Expr, scope: &Scope<'_>) -> Value {
        match expr {
            Expr::Nested(inner) => self.expr(inner, scope),
            Expr::Identifier(ident) => {
                let name = key(ident, self.dialect);
                let value = scope.name(&name);
                let system = value.unknown.is_some() && SYSTEM_NAMES.contains(&name.as_str());
                if system { Value::of_nothing() } else { value }
            }
            Expr::CompoundIdentifier(idents) => {
                let parts: Vec<String> = idents.iter().map(|ident| key(ident, self.dialect)).collect();
                scope.path(&parts)
            }
            Expr::CompoundFieldAccess { root, access_chain } => self.access(root, access_chain, scope),
            Expr::Function(function) => self.function(function, scope),
            Expr::Subquery(query) => self.scalar(query, scope),
            Expr::Exists { subquery, .. } => {
                self.subquery(subquery, scope);
                Value::of_nothing()
            }
            Expr::InSubquery { expr, subquery, .. } => {
                let mut value = self.expr(expr, scope);
                value.take(&self.scalar(subquery, scope));
                value.through(Step::Derived)
            }
            Expr::Lambda(lambda) if lambda.syntax == LambdaSyntax::LambdaKeyword => {
                self.lambda_or_value(expr, scope)
            }
            // Only functions that take lambdas make it one (`function`): else it is the arrow of JSON.
            Expr::Lambda(lambda) => self.arrow(lambda, scope),
            Expr::JsonAccess { .. } => Value::unknown(format!("`{expr}` could be read in two ways")),
            Expr::Wildcard(_) => scope.visible.row(),
            Expr::QualifiedWildcard(name, _) => self.row_of(name, scope),
            Expr::Value(_) | Expr::TypedString(_) => Value::of_nothing(),
            Expr::MatchAgainst { .. } => Value::unknown(format!("`{expr}` is not understood")),
            _ => self.all(children(expr), scope),
        }
    }

    /// Resolves expressions that go into one value.
    pub(super) fn all<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>, scope: &Scope<'_>) -> Value {
        let mut value = Value::of_nothing();
        for expr in exprs {
            value.take(&self.expr(expr, scope));
        }
        value.through(Step::Derived)
    }

    /// Resolves a query within an expression whose rows become one value.
    fn scalar(&mut self, query: &Query, scope: &Scope<'_>) -> Value {
        let table = self.subquery(query, scope);
        table.row()
    }

    /// `a -> 'b'`, which the parser takes for a lambda of `a`.
    fn arrow(&mut self, lambda: &LambdaFunction, scope: &Scope<'_>) -> Value {
        let mut value = self.expr(&lambda.body, scope);
        for name in lambda_parameters(lambda, self) {
            value.take(&scope.name(&name));
        }
        value.through(Step::Derived)
    }

    fn row_of(&mut self, name: &ObjectName, scope: &Scope<'_>) -> Value {
        let qualifiers = parts(name, self.dialect);
        match scope.bound(&qualifiers) {
            Some(bound) => bound.table.row(),
            None => scope.path(&qualifiers).through(Step::Derived),
        }
    }

    /// `root.field[index]`: made of the root and of what is in the brackets.
    fn access(&mut self, root: &Expr, chain: &[AccessExpr], scope: &Scope<'_>) -> Value {
        let mut idents = match root {
            Expr::Identifier(ident) => vec![ident],
            Expr::CompoundIdentifier(idents) => idents.iter().collect(),
            _ => Vec::new(),
        };
        let fields = chain.iter().map_while(|access| match access {
            AccessExpr::Dot(Expr::Identifier(ident)) => Some(ident),
            _ => None,
        });
        let mut value = if idents.is_empty() {
            self.expr(root, scope)
        } else {
            idents.extend(fields);
            let parts: Vec<String> = idents.into_iter().map(|ident| key(ident, self.dialect)).collect();
            scope.path(&parts)
        };
        for access in chain {
            if let AccessExpr::Dot(Expr::Function(method)) = access {
                value.take(&self.function(method, scope));
            }
        }
        value.take(&self.all(subscripts(chain), scope));
        value.through(Step::Derived)
    }

    /// Resolves a call: of its arguments, its filter and the order of its rows. Windows are uses.
    pub(super) fn function(&mut self, function: &Function, scope: &Scope<'_>) -> Value {
        if self.dialect.is_friendly() && is_columns(function) {
            return self.columns_mean.clone().unwrap_or_else(|| self.all_columns(function, scope));
        }
        let name = last(&function.name);
        let mut value = Value::of_nothing();
        if let Some(subject) = self.method_subject(&function.name, scope) {
            value.take(&subject);
        }
        for arguments in [&function.parameters, &function.args] {
            value.take(&self.arguments(&name, arguments, scope));
        }
        for by in &function.within_group {
            value.take(&self.expr(&by.expr, scope));
        }
        if let Some(filter) = &function.filter {
            value.take(&self.expr(filter, scope));
        }
        if let Some(WindowType::WindowSpec(window)) = &function.over {
            self.window(window, scope);
        }
        let aggregates = functions::is_aggregate(&name);
        value.through(if aggregates { Step::Aggregated } else { Step::Derived })
    }

    /// The value in front of a method, as in `name.upper()`; `None` if a schema stands there.
    fn method_subject(&mut self, name: &ObjectName, scope: &Scope<'_>) -> Option<Value> {
        let mut parts = parts(name, self.dialect);
        parts.pop();
        let first = parts.first()?;
        if !self.dialect.is_friendly() || FUNCTION_SCHEMAS.contains(&first.as_str()) {
            return None;
        }
        if scope.bound(&parts[..1]).is_some() && parts.len() > 1 {
            return Some(scope.path(&parts));
        }
        match scope.is_column(first) {
            Some(true) => Some(scope.path(&parts)),
            Some(false) => None,
            None => Some(Value::unknown(format!("`{first}` may be a column or a schema of functions"))),
        }
    }

    /// Resolves the arguments of a function, each with its lambdas if it takes any.
    pub(super) fn arguments(
        &mut self,
        name: &str,
        arguments: &FunctionArguments,
        scope: &Scope<'_>,
    ) -> Value {
        let list = match arguments {
            FunctionArguments::None => return Value::of_nothing(),
            FunctionArguments::Subquery(query) => return self.scalar(query, scope),
            FunctionArguments::List(list) => list,
        };
        let mut value = Value::of_nothing();
        for argument in &list.args {
            value.take(&self.argument(name, argument, scope));
        }
        for clause in &list.clauses {
            match clause {
                FunctionArgumentClause::Where(expr) | FunctionArgumentClause::Limit(expr) => {
                    value.take(&self.expr(expr, scope));
                }
                FunctionArgumentClause::OrderBy(order) => {
                    value.take(&self.all(order.iter().map(|by| &by.expr), scope));
                }
                FunctionArgumentClause::Having(bound) => value.take(&self.expr(&bound.1, scope)),
                _ => {}
            }
        }
        value
    }

    /// Resolves one argument.
    pub(super) fn argument(&mut self, name: &str, argument: &FunctionArg, scope: &Scope<'_>) -> Value {
        let (FunctionArg::Named { arg, .. } | FunctionArg::ExprNamed { arg, .. } | FunctionArg::Unnamed(arg)) =
            argument;
        let value = self.unnamed(name, arg, scope);
        // `coalesce(a = b, false)` compares; only functions that return rows have parameters named so.
        let compared = match argument {
            FunctionArg::Named { name, operator: FunctionArgOperator::Equals, .. } => {
                scope.name(&key(name, self.dialect))
            }
            FunctionArg::ExprNamed { name, operator: FunctionArgOperator::Equals, .. } => {
                self.expr(name, scope)
            }
            _ => return value,
        };
        let mut both = Value::of_nothing();
        both.take(&compared);
        both.take(&value);
        both.through(Step::Derived)
    }

    /// Resolves an argument without its name.
    pub(super) fn unnamed(&mut self, name: &str, arg: &FunctionArgExpr, scope: &Scope<'_>) -> Value {
        match arg {
            FunctionArgExpr::Expr(expr) if functions::takes_lambda(name) => self.lambda_or_value(expr, scope),
            FunctionArgExpr::Expr(expr) => self.expr(expr, scope),
            FunctionArgExpr::QualifiedWildcard(table) if name != "count" => self.row_of(table, scope),
            // `count(*)` counts rows.
            FunctionArgExpr::Wildcard | FunctionArgExpr::QualifiedWildcard(_) if name == "count" => {
                Value::of_nothing()
            }
            FunctionArgExpr::Wildcard | FunctionArgExpr::WildcardWithOptions(_) => scope.visible.row(),
            FunctionArgExpr::QualifiedWildcard(_) => Value::of_nothing(),
        }
    }

    /// The body of a lambda sees its parameters, whose values are in the list beside it.
    fn lambda_or_value(&mut self, expr: &Expr, scope: &Scope<'_>) -> Value {
        let (names, body) = match expr {
            Expr::Nested(inner) => return self.lambda_or_value(inner, scope),
            Expr::Lambda(lambda) => (lambda_parameters(lambda, self), lambda.body.as_ref()),
            Expr::BinaryOp { left, op: BinaryOperator::Arrow, right } => match row_of_names(left, self) {
                Some(names) => (names, right.as_ref()),
                None => return self.expr(expr, scope),
            },
            _ => return self.expr(expr, scope),
        };
        let inner = Scope { parameters: names, parent: Some(scope), ..Scope::default() };
        self.expr(body, &inner)
    }

    /// Adds what a window sorts and groups by to the uses.
    pub(super) fn window(&mut self, window: &WindowSpec, scope: &Scope<'_>) {
        let order = window.order_by.iter().map(|OrderByExpr { expr, .. }| expr);
        for expr in window.partition_by.iter().chain(order) {
            self.use_expr(expr, scope, Use::Window);
        }
    }
}

fn lambda_parameters(lambda: &LambdaFunction, resolver: &Resolver<'_>) -> Vec<String> {
    let all = match &lambda.params {
        OneOrManyWithParens::One(one) => std::slice::from_ref(one),
        OneOrManyWithParens::Many(many) => many.as_slice(),
    };
    all.iter().map(|parameter| key(&parameter.name, resolver.dialect)).collect()
}

/// `row(x, i)`, as DuckDB writes the parameters of a lambda.
fn row_of_names(expr: &Expr, resolver: &Resolver<'_>) -> Option<Vec<String>> {
    let (Expr::Identifier(_) | Expr::Nested(_) | Expr::Tuple(_) | Expr::Function(_)) = expr else {
        return None;
    };
    let name = |expr: &Expr| match expr {
        Expr::Identifier(ident) => Some(key(ident, resolver.dialect)),
        _ => None,
    };
    match expr {
        Expr::Identifier(_) => Some(vec![name(expr)?]),
        Expr::Nested(inner) => row_of_names(inner, resolver),
        Expr::Tuple(items) => items.iter().map(name).collect(),
        Expr::Function(function) if last(&function.name) == "row" => match &function.args {
            FunctionArguments::List(list) => {
                let argument = |argument: &FunctionArg| match argument {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => name(expr),
                    _ => None,
                };
                list.args.iter().map(argument).collect()
            }
            _ => None,
        },
        _ => None,
    }
}
