//! E-mail addresses: kept as typed, compared in one form.

use super::FieldValue;
use crate::error::Violations;
use crm_core_derive::Composite;
use serde::{Deserialize, Serialize};

/// An e-mail address of a customer or contact. The first of a list is the primary one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Composite)]
pub struct Email {
    /// The address as it is shown; case is kept.
    #[entity(searchable, key)]
    pub address: EmailAddress,
    /// What it is for: `work`, `home`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[entity(max = 50)]
    pub label: Option<String>,
    /// The person asked not to be written to here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opted_out: bool,
}

impl Email {
    /// An address without a label.
    pub fn new(address: impl Into<String>) -> Self {
        Email { address: EmailAddress(address.into()), label: None, opted_out: false }
    }
}

impl From<&str> for Email {
    fn from(address: &str) -> Self {
        Email::new(address)
    }
}

/// The text of an e-mail address: checked on the way in, compared case-folded with its domain in IDNA.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmailAddress(pub String);

impl EmailAddress {
    /// The form in which addresses are compared, or what is wrong with this one.
    ///
    /// # Errors
    /// The reason in words: the syntax is that of an unquoted RFC 5321 mailbox.
    pub fn comparison_key(&self) -> Result<String, &'static str> {
        let text = self.0.as_str();
        let (local, domain) = text.rsplit_once('@').ok_or("an address has an @")?;
        if local.is_empty() || local.chars().count() > 64 {
            return Err("the part before the @ has 1 to 64 characters");
        }
        if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
            return Err("a dot before the @ stands between other characters");
        }
        if let Some(bad) =
            local.chars().find(|c| c.is_whitespace() || c.is_control() || "@\"(),:;<>[\\]".contains(*c))
        {
            return Err(if bad == '@' {
                "an address has one @"
            } else {
                "a character that an address can't have"
            });
        }
        if domain.is_empty() || domain.len() > 253 {
            return Err("the domain has 1 to 253 characters");
        }
        let ascii = if domain.is_ascii() {
            domain.to_ascii_lowercase()
        } else {
            idna::domain_to_ascii(domain).map_err(|_| "the domain is no internationalised domain name")?
        };
        let label_is_good = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        if !ascii.split('.').all(label_is_good) {
            return Err("the domain is letters, digits and hyphens between dots");
        }
        Ok(if local.is_ascii() {
            format!("{}@{ascii}", local.to_ascii_lowercase())
        } else {
            format!("{}@{ascii}", local.to_lowercase())
        })
    }
}

impl FieldValue for EmailAddress {
    super::field::text_field!(EmailAddress);

    fn tidy(&mut self, name: &str, max: usize, problems: &mut Violations) {
        self.0.tidy(name, max, problems);
        if let Err(reason) = self.comparison_key() {
            problems.add(name, "syntax", &self.0, reason);
        }
    }

    fn keys(&self, _: &super::KeyRules, out: &mut dyn FnMut(String)) {
        if let Ok(key) = self.comparison_key() {
            out(key);
        }
    }

    fn words(&self, out: &mut super::Words) {
        out.add(&self.0);
    }
}
