//! Log-in: passwords, delays, sessions.

use super::session::Session;
use super::system::{Crm, begin, finish};
use crate::access::{Authority, after_failure, check_policy, hash_password, needs_rehash, verify_password};
use crate::error::{Error, Result};
use crate::model::{Entity, Record, User};
use crate::store::{Condition, Plan, SessionRow, Stored, Transaction};
use crate::value::{Id, clean, fold};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Longer names are nobody's, and are not kept.
const LONGEST_NAME: usize = 100;

impl Crm {
    /// Logs a user in. The name is compared without case.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// let session = crm.login("Amina", "correct horse")?;
    /// assert_eq!(crm.login("amina", "wrong").unwrap_err().code(), "bad_credentials");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `bad_credentials` for an unknown or inactive user, a user without a password, or a wrong one: they look alike
    /// and take equally long. `locked_out` with the time of the next try after several failures.
    pub fn login(&self, username: &str, password: &str) -> Result<Session> {
        let user = self.check_password(username, password)?;
        let token = URL_SAFE_NO_PAD.encode(self.random::<32>()?);
        let now = self.now();
        let row = SessionRow {
            token_hash: hash_of(&token),
            user,
            created_at: now,
            expires_at: now + self.inner.options.session_lifetime,
            revoked_at: None,
        };
        self.as_program("login", |unit| unit.add_session(&row))?;
        Ok(Session::of_user(self.clone(), token, &row))
    }

    /// The session with this token, as [`Session::token`] gave it.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// let again = crm.resume(session.token().unwrap())?;
    /// assert_eq!(again.me()?.unwrap().username, "amina");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `session_ended` for one that is unknown, expired or revoked.
    pub fn resume(&self, token: &str) -> Result<Session> {
        let row = self.inner.store.reader()?.session(&hash_of(token))?;
        let row = row.ok_or(Error::SessionEnded { reason: "revoked" })?;
        let session = Session::of_user(self.clone(), token.to_owned(), &row);
        session.me()?;
        Ok(session)
    }

    /// The user with this name and password.
    ///
    /// The failure is written down *before* the password is looked at and forgotten on success, so that many tries
    /// at the same time count as many.
    pub(super) fn check_password(&self, username: &str, password: &str) -> Result<Id<User>> {
        let mut name = username.to_owned();
        clean(&mut name);
        let name = fold(&name);
        let cost = self.inner.options.password_cost;
        if name.is_empty() || name.chars().count() > LONGEST_NAME || name.contains('\0') {
            verify_password(password, None, cost)?;
            return Err(Error::BadCredentials);
        }
        let (user, hash) = self.as_program("login", |unit| {
            let attempts = unit.tx().attempts(&name)?;
            if let Some(attempts) = attempts.as_ref().filter(|attempts| unit.now() < attempts.retry_at) {
                return Err(Error::LockedOut { retry_at: attempts.retry_at });
            }
            let failed = after_failure(attempts.as_ref(), unit.now());
            unit.set_attempts(&name, Some(&failed))?;
            let user = find_user(unit.tx(), &name)?;
            let hash = match &user {
                Some(user) => unit.tx().credential(user.id)?,
                None => None,
            };
            Ok((user, hash))
        })?;
        let right = verify_password(password, hash.as_deref(), cost)?;
        let (Some(user), Some(hash), true) = (user.filter(|user| user.active), hash, right) else {
            return Err(Error::BadCredentials);
        };
        let rehashed = match needs_rehash(&hash, cost) {
            true => Some(hash_password(password, &self.random()?, cost)?),
            false => None,
        };
        self.as_program("login", |unit| {
            unit.set_attempts(&name, None)?;
            match rehashed {
                // Only if it is still the one that was verified.
                Some(new) if unit.tx().credential(user.id)?.as_deref() == Some(&hash) => {
                    unit.store_credential(user.id, &new)
                }
                _ => Ok(()),
            }
        })?;
        Ok(user.id)
    }

    pub(super) fn new_password_hash(&self, user: &Record<User>, password: &str) -> Result<String> {
        let options = &self.inner.options;
        check_policy(password, &user.username, options.shortest_password)?;
        hash_password(password, &self.random()?, options.password_cost)
    }

    fn as_program<T>(
        &self,
        command: &'static str,
        write: impl FnOnce(&mut super::UnitOfWork<'_>) -> Result<T>,
    ) -> Result<T> {
        let mut unit = begin(self, command, &|_, _, _| Ok(Arc::new(Authority::system(command))))?;
        let result = write(&mut unit)?;
        finish(self, unit)?;
        Ok(result)
    }
}

fn find_user(tx: &dyn Transaction, name: &str) -> Result<Option<Record<User>>> {
    let index = User::schema().field("username").unwrap_or(usize::MAX);
    let condition =
        Condition::HasKey { field: "username", index, keys: vec![name.to_owned()], prefix: false };
    let found = User::reads(tx).find(&Plan::all_where(condition, false, 1))?;
    Ok(found.into_iter().next().map(|entry| entry.record))
}

fn hash_of(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
