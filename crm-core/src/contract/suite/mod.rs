//! The suite that every store must pass: plain functions over a factory of empty stores, listed once. A case fails
//! by panicking. They state what the port promises, not only that stores agree.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a case of the suite fails by panicking"
)]

mod fixture;

use crate::store::Store;
use std::sync::Arc;

/// Gives a new, empty store at each call.
pub type Factory<'f> = &'f dyn Fn() -> Arc<dyn Store>;

/// A case of the suite: its name, and what it does with a store.
pub type Case = (&'static str, fn(Factory<'_>));

/// Declares the cases, for [`cases`] and `store_contract!`.
macro_rules! suite {
    ($dollar:tt $($(#[$meta:meta])* $topic:ident { $($case:ident),+ $(,)? })+) => {
        $($(#[$meta])* pub mod $topic;)+

        /// All cases.
        pub fn cases() -> &'static [Case] {
            &[$($((concat!(stringify!($topic), "::", stringify!($case)), $topic::$case)),+),+]
        }

        /// Makes a `#[test]` of every case of the contract suite, for the stores that a factory gives: an expression
        /// of a type that implements `Fn() -> Arc<dyn Store>`, evaluated once for each test.
        ///
        /// ```
        /// mod memory {
        ///     use crm_core::{MemoryStore, port::Store};
        ///     use std::sync::Arc;
        ///     fn new_store() -> Arc<dyn Store> {
        ///         Arc::new(MemoryStore::new())
        ///     }
        ///     crm_core::store_contract!(super::new_store);
        /// }
        /// # fn new_store() {}
        /// ```
        #[macro_export]
        macro_rules! store_contract {
            ($dollar factory:expr) => {
                $($(
                    #[test]
                    fn $case() {
                        let factory = $dollar factory;
                        $crate::contract::suite::$topic::$case(&factory);
                    }
                )+)+
            };
        }
    };
}

suite! { $
    /// What a transaction writes, and who sees it when.
    transactions {
        every_kind_comes_back_as_it_was_written,
        replace_writes_the_envelope_and_the_changed_fields,
        what_is_removed_is_gone,
        a_transaction_sees_its_own_writes,
        a_dropped_transaction_leaves_nothing,
        nobody_sees_what_is_not_committed,
        a_snapshot_sees_one_state,
        one_transaction_at_a_time,
        a_commit_that_fails_leaves_nothing,
    }
    /// Keys that belong to one live record.
    keys {
        a_unique_key_has_one_holder,
        a_key_is_given_up_in_the_trash_and_claimed_again_on_restore,
        other_keys_are_shared,
        an_id_is_taken_for_ever,
        a_code_is_unique_for_ever,
        codes_are_not_reused_after_a_purge,
        user_names_are_unique_without_case,
        shared_emails_are_a_setting,
        external_ids_upsert_one_record,
    }
}
