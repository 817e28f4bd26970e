//! What binds every line of a dump to all before it, so that an altered one is known by its number.

use super::lines::hex;
use sha2::{Digest, Sha256};

/// How a line ends: with the beginning of the hash of everything up to here.
const SUM: &[u8] = b",\"sum\":\"";
/// So many of its bytes.
const SUM_BYTES: usize = 8;

/// The hash of a dump's lines, each without its sum: what binds every line to all before it.
#[derive(Default)]
pub(super) struct Chain(Sha256);

impl Chain {
    /// The hash so far.
    pub(super) fn hash(&self) -> [u8; 32] {
        self.0.clone().finalize().into()
    }

    /// Completes a line that was written as a JSON object: its last brace gives way to its sum.
    pub(super) fn close(&mut self, line: &mut Vec<u8>) {
        line.pop();
        let sum = self.add(line);
        line.extend_from_slice(SUM);
        line.extend_from_slice(&sum);
        line.extend_from_slice(b"\"}\n");
    }

    /// Takes the sum off a line and leaves the object without it; `false` for a line that is not the next one.
    pub(super) fn open(&mut self, line: &mut Vec<u8>) -> bool {
        let rest = line.strip_suffix(b"\"}\n").map_or(0, <[u8]>::len);
        let Some(end) = rest.checked_sub(SUM.len() + SUM_BYTES * 2) else { return false };
        let (object, sum) = line.split_at(end);
        let expected = self.add(object);
        let fits = sum.strip_prefix(SUM).is_some_and(|sum| sum.starts_with(&expected));
        line.truncate(end);
        line.push(b'}');
        fits
    }

    fn add(&mut self, object: &[u8]) -> Vec<u8> {
        self.0.update(object);
        hex(&self.hash()[..SUM_BYTES]).into_bytes()
    }
}
