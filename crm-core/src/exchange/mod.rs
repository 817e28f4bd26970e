//! In and out: files that people have, and files that they take away. Nothing here opens a file: readers and writers are
//! passed in, and every write goes through a session and the unit of work like any other.
pub mod import;
