//! What templates see of a project and its database, per phase: the names of dbt's context.

pub mod decimal;
