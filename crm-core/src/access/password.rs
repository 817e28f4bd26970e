//! Password hashes: argon2id in the PHC string form.

use crate::error::{Error, Result};
use crate::value::fold;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

/// What a password hash costs. The default is the first argon2id setting of the OWASP Password Storage Cheat Sheet:
/// 19 MiB, 2 passes, 1 lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

impl Default for PasswordCost {
    fn default() -> Self {
        PasswordCost { memory_kib: 19 * 1024, passes: 2 }
    }
}

impl PasswordCost {
    /// The least that argon2 allows: for tests.
    pub const MINIMUM: PasswordCost = PasswordCost { memory_kib: 8, passes: 1 };

    fn argon2(self) -> Result<Argon2<'static>> {
        let params = Params::new(self.memory_kib, self.passes, 1, None).map_err(storage)?;
        Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
    }
}

fn storage(error: impl std::fmt::Display) -> Error {
    Error::Storage { reason: format!("password hash: {error}"), source: None }
}

pub(crate) fn hash_password(password: &str, salt: &[u8; 16], cost: PasswordCost) -> Result<String> {
    let hash = cost.argon2()?.hash_password_with_salt(password.as_bytes(), salt).map_err(storage)?;
    Ok(hash.to_string())
}

/// Whether the password has this hash. Without a hash a hash of the same cost is computed all the same, so that the
/// time does not tell whether a user exists.
pub(crate) fn verify_password(password: &str, hash: Option<&str>, cost: PasswordCost) -> Result<bool> {
    match hash {
        Some(hash) => {
            let hash =
                PasswordHash::new(hash).map_err(|_| Error::corrupt("a password hash can't be read"))?;
            Ok(cost.argon2()?.verify_password(password.as_bytes(), &hash).is_ok())
        }
        None => {
            hash_password(password, b"no user, no salt", cost)?;
            Ok(false)
        }
    }
}

/// Whether the hash was made at another cost than is set now.
pub(crate) fn needs_rehash(hash: &str, cost: PasswordCost) -> bool {
    let wanted = format!("m={},t={},p=1", cost.memory_kib, cost.passes);
    !hash.split('$').any(|part| part == wanted)
}

/// At least `least` characters, at most 1,024, and not the user's name: no composition rules (NIST SP 800-63B,
/// section 5.1.1).
pub(crate) fn check_policy(password: &str, username: &str, least: usize) -> Result<()> {
    const MOST: usize = 1_024;
    let length = password.chars().count();
    if length < least || length > MOST {
        return Err(Error::invalid(
            "password",
            "length",
            format!("a password has {least} to {MOST} characters"),
        ));
    }
    let (folded, name) = (fold(password), fold(username));
    if !name.is_empty() && folded.contains(&name) && folded.len() < name.len() + least {
        return Err(Error::invalid("password", "guessable", "a password is not made of the user name"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_verifies_only_its_password_and_tells_its_cost() {
        let hash = hash_password("correct horse", &[7; 16], PasswordCost::MINIMUM).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
        assert!(verify_password("correct horse", Some(&hash), PasswordCost::default()).unwrap());
        assert!(!verify_password("wrong horse", Some(&hash), PasswordCost::MINIMUM).unwrap());
        assert!(!verify_password("correct horse", None, PasswordCost::MINIMUM).unwrap());
        assert!(!needs_rehash(&hash, PasswordCost::MINIMUM));
        assert!(needs_rehash(&hash, PasswordCost { memory_kib: 16, passes: 1 }));
    }

    #[test]
    fn the_policy_looks_at_length_and_name() {
        assert!(check_policy("short", "amina", 8).is_err());
        assert!(check_policy("Amina2026", "amina", 8).is_err());
        assert!(check_policy("amina likes long walks", "amina", 8).is_ok());
    }
}
