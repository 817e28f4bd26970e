//! Import of files.

mod reading;
