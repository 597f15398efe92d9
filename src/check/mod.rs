//! Questions to data and their verdicts. Pure: the queries were run by `run`.

mod data_test;
mod freshness;
mod question;
mod unit_test;

pub use data_test::{Answer, Verdict, judge};
pub use freshness::judge_age;
pub use question::{About, OfNone, Question, verdict_of_none};
pub use unit_test::{TextRow, unit_test_difference};
