//! Questions to the data and their verdicts. Pure: the queries were run by `run`.

mod data_test;

pub use data_test::{Answer, Verdict, judge};
