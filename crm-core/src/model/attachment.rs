//! Attachments: files that belong to a customer.

use super::{Customer, Interaction, Note, Opportunity, Validate};
use crate::error::Violations;
use crate::value::Id;
use crm_core_derive::Entity;
use serde::Serialize;

/// A file that belongs to a customer. Its bytes are kept beside the records, once for each different content; the
/// journal holds their hash.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Entity)]
#[entity(name = "attachment")]
pub struct Attachment {
    /// The customer. A merge moves the attachment to the survivor.
    #[entity(filterable, parent)]
    pub customer: Id<Customer>,
    /// The interaction that it came with.
    #[entity(filterable, link)]
    pub interaction: Option<Id<Interaction>>,
    /// The opportunity that it is about.
    #[entity(filterable, link)]
    pub opportunity: Option<Id<Opportunity>>,
    /// The note that it goes with.
    #[entity(filterable, link)]
    pub note: Option<Id<Note>>,
    /// The file's name, without a folder; not blank.
    #[entity(filterable, sortable, searchable, max = 255)]
    pub file_name: String,
    /// What it is (RFC 6838): `application/pdf`; `application/octet-stream` when blank.
    #[entity(filterable, max = 255)]
    pub media_type: String,
    /// How many bytes it has. Set by the library.
    #[entity(system, filterable, sortable)]
    pub size: i64,
    /// The SHA-256 of its bytes in hexadecimal digits. Set by the library.
    #[entity(system, filterable, max = 64)]
    pub sha256: String,
}

impl Validate for Attachment {
    fn normalise(&mut self) {
        if self.media_type.is_empty() {
            "application/octet-stream".clone_into(&mut self.media_type);
        }
        self.media_type.make_ascii_lowercase();
    }

    fn check(&self, problems: &mut Violations) {
        let name = self.file_name.as_str();
        if name.is_empty() || name == "." || name == ".." {
            problems.add("file_name", "blank", name, "a file has a name");
        }
        if name.contains(['/', '\\']) || name.chars().any(char::is_control) {
            problems.add(
                "file_name",
                "syntax",
                name,
                "a file's name has no folder and no control characters",
            );
        }
        let token = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        let two = self.media_type.split_once('/').is_some_and(|(kind, sub)| token(kind) && token(sub));
        if !two {
            problems.add("media_type", "syntax", &self.media_type, "a media type is like application/pdf");
        }
    }
}
