//! E-mail addresses: kept as typed, compared in one form.

use super::FieldValue;
use crate::error::Violations;
use crm_core_derive::Composite;
use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;

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
impl From<String> for Email {
    fn from(address: String) -> Self {
        Email::new(address)
    }
}

/// The text of an e-mail address: checked on the way in, compared case-folded with its domain in IDNA.
///
/// Taken is what can be delivered on the Internet and is written plainly: an unquoted local part of RFC 5321, in any
/// script (RFC 6531), and the name of a domain. Refused are quoted local parts, comments, display names and addresses
/// of machines in brackets, which the RFCs allow and nobody has; characters that are not seen; domains without a dot
/// or with a top-level domain that no name server answers for (RFC 6761, RFC 6762, RFC 7686).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmailAddress(pub String);

type Checked<T> = Result<T, &'static str>;

impl EmailAddress {
    /// The form in which addresses are compared, or what is wrong with this one.
    ///
    /// ```
    /// let key = |text: &str| crm_core::EmailAddress(text.into()).comparison_key();
    /// assert_eq!(key("Amina@Bücher.example")?, "amina@xn--bcher-kva.example");
    /// assert_eq!(key("amina@localhost"), Err("the domain needs a dot"));
    /// # Ok::<(), &str>(())
    /// ```
    ///
    /// # Errors
    /// The reason in words.
    pub fn comparison_key(&self) -> Result<String, &'static str> {
        // Of RFC 5321 (4.5.3.1.3), less the angle brackets, in octets.
        const LONGEST: usize = 254;
        let text = self.0.as_str();
        let (local, domain) = text.rsplit_once('@').ok_or("an address needs an @")?;
        check_local(local)?;
        let composed = composed(local);
        if composed != local {
            check_local(&composed)?;
        }
        let ascii = ascii_domain(domain)?;
        if text.len() > LONGEST || composed.len() + 1 + ascii.len() > LONGEST {
            return Err("an address has at most 254 octets");
        }
        let mut key = lower_case(&composed);
        key.push('@');
        key.push_str(&ascii);
        Ok(key)
    }

    /// What the keys of addresses begin with that begin so.
    pub(crate) fn key_start(&self) -> String {
        lower_case(&composed(self.0.trim_start()))
    }
}

fn composed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { Cow::Owned(text.nfc().collect()) }
}

fn lower_case(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.to_lowercase().nfc().collect() }
}

/// The part before the @ (RFC 5321, `Dot-string`; RFC 6531 adds what is not ASCII).
fn check_local(local: &str) -> Checked<()> {
    const LONGEST: usize = 64;
    let characters = if local.is_ascii() { local.len() } else { local.chars().count() };
    if !(1..=LONGEST).contains(&characters) {
        return Err("the part before the @ has 1 to 64 characters");
    }
    if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return Err("a dot before the @ must stand between other characters");
    }
    let is_fit = |c: u8| c.is_ascii_alphanumeric() || b".!#$%&'*+-/=?^_`{|}~".contains(&c) || !c.is_ascii();
    match local.bytes().find(|c| !is_fit(*c)) {
        Some(b'@') => Err("an address can have only one @"),
        Some(_) => Err("it has a character that an address can't have"),
        None => check_seen(local),
    }
}

/// The domain in ASCII (UTS 46, STD 3, with the lengths of DNS), lower case.
fn ascii_domain(domain: &str) -> Checked<String> {
    /// Top-level domains of special use: mail never finds them.
    const NOWHERE: [&str; 6] = ["arpa", "invalid", "local", "localhost", "onion", "test"];
    check_seen(domain)?;
    let ascii = idna::domain_to_ascii_strict(domain)
        .map_err(|_| "the domain is letters, digits and hyphens between dots, 63 at most, 253 in all")?;
    let (_, top) = ascii.rsplit_once('.').ok_or("the domain needs a dot")?;
    if !top.ends_with(|c: char| c.is_ascii_alphabetic()) {
        return Err("a top-level domain must end with a letter");
    }
    if NOWHERE.contains(&top) {
        return Err("mail finds no domain under this top-level domain");
    }
    Ok(ascii)
}

/// Refuses characters that are not seen, that have no meaning, or that change how others look: white space, controls,
/// formats, private and unassigned ones, and a mark without a letter before it.
fn check_seen(part: &str) -> Checked<()> {
    if part.is_ascii() {
        // The others were looked at one by one, or will be.
        return Ok(());
    }
    let categories = CodePointMapData::<GeneralCategory>::new();
    let is_in = |c: char, group: GeneralCategoryGroup| group.contains(categories.get(c));
    let hidden = GeneralCategoryGroup::Separator.union(GeneralCategoryGroup::Other);
    if part.chars().any(|c| is_in(c, hidden)) || part.starts_with(|c| is_in(c, GeneralCategoryGroup::Mark)) {
        return Err("it has an invisible character, or a mark without a letter");
    }
    Ok(())
}

impl FieldValue for EmailAddress {
    super::field::text_field!(EmailAddress);

    fn tidy(&mut self, name: &str, max: usize, problems: &mut Violations) {
        // Before it is cleaned, which could join an angle bracket with the mark after it.
        let trimmed = self.0.trim();
        let checked = match trimmed.len() == self.0.len() {
            true => self.comparison_key(),
            false => EmailAddress(trimmed.to_owned()).comparison_key(),
        };
        self.0.tidy(name, max, problems);
        if let Err(reason) = checked {
            problems.add(name, "syntax", &self.0, reason);
        }
    }

    fn keys(&self, _: &super::KeyRules, out: &mut dyn FnMut(String)) {
        if let Ok(key) = self.comparison_key() {
            out(key);
        }
    }

    fn words(&self, _: &super::KeyRules, out: &mut super::Words) {
        out.add(&self.0);
    }
}
