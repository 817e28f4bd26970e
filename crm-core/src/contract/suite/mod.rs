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
        ///     crm_core::store_contract!(new_store);
        /// }
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
        a_savepoint_takes_back_what_came_after,
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
        keys_and_words_follow_the_region,
        external_ids_upsert_one_record,
    }
    /// One gate for every read.
    sight {
        all_sees_everything,
        own_sees_what_the_user_owns,
        team_sees_what_the_team_owns,
        none_sees_nothing,
        sight_follows_the_owner,
        a_hop_does_not_reach_what_is_hidden,
        each_kind_has_its_own_level,
        the_trash_has_the_same_gate,
    }
    /// Every comparison on every type of column.
    filters {
        texts,
        texts_that_may_be_empty,
        choices,
        codes,
        amounts,
        lists,
        numbers_days_moments_and_references,
        hops,
        and_or_not,
    }
    /// Orders, and paging through them.
    order {
        texts_sort_folded,
        nulls_come_last,
        choices_sort_by_declaration_and_codes_by_number,
        amounts_sort_within_their_currency,
        numbers_days_and_moments_sort,
        pages_give_every_record_once_in_order,
        pages_are_stable_under_inserts,
        a_cursor_survives_its_record,
    }
    /// Search by words.
    words {
        words_are_found_in_any_order,
        better_matches_come_first,
        one_typo_is_forgiven,
        phone_numbers_are_found_in_any_format,
        a_narrow_view_finds_its_own,
        changed_words_are_found_as_they_are,
        words_of_every_script,
        punctuation_is_looked_for_or_ignored,
        no_text_is_an_error,
        words_follow_the_record,
        all_kinds_are_searched,
        the_newest_hits_fill_the_page,
    }
    /// Counts, sums, averages, least and greatest.
    figures {
        counts_by_two_fields,
        periods_are_those_of_the_organisation,
        amounts_are_summed_by_currency,
        numbers_days_and_moments_are_measured,
    }
    /// What was done, by whom, in which order.
    journal {
        operations_come_in_order,
        operations_on_a_record,
        operations_of_an_import,
        time_never_runs_backwards,
        every_write_is_told,
        a_batch_is_one_operation,
    }
    /// Sessions, log-in attempts, password hashes, counters.
    operational {
        sessions_are_kept_and_revoked,
        attempts_are_kept_by_name,
        credentials_are_set_and_replaced,
        counters_give_back_what_was_not_committed,
        the_state_tells_of_authority_and_time,
        uniqueness_of_a_field_is_switched,
        logging_in_is_not_journalled,
    }
    /// What goes together comes back together.
    trash {
        what_hangs_on_a_record_goes_and_comes_with_it,
        a_purge_is_for_good,
        undo_takes_back_exactly,
        closing_and_reopening,
    }
}
