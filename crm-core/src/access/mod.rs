//! Passwords, permissions and what a session may do.

mod authority;
mod lockout;
mod password;

pub(crate) use authority::Authority;
pub(crate) use lockout::after_failure;
pub(crate) use password::{check_policy, hash_password, needs_rehash, verify_password};

pub use password::PasswordCost;
