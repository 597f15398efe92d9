//! The integration tests: one binary, since linking it is slow.

mod tidy;
