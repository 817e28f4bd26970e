use crate::{Office, failure, office};
use crm_core::contract::{FaultStore, PortCall, test_options};
use crm_core::port::Store;
use crm_core::{Attachment, Crm, Customer, Error, Id, MemoryStore, Note, Patch, Query, Record, Session};
use std::io::{Read, Write};
use std::sync::Arc;

/// Bytes are kept in pieces of this size.
const PIECE: usize = 256 * 1024;

fn file(customer: Id<Customer>, file_name: &str) -> Attachment {
    Attachment { customer, file_name: file_name.into(), ..Attachment::default() }
}

fn attach(office: &Office, customer: Id<Customer>, bytes: &[u8]) -> Record<Attachment> {
    office.admin.attach(file(customer, "order.pdf"), &mut &*bytes).unwrap()
}

fn read(session: &Session, id: Id<Attachment>) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let length = session.read_attachment(id, &mut bytes)?;
    assert_eq!(length, u64::try_from(bytes.len()).unwrap());
    Ok(bytes)
}

fn purge(office: &Office, id: Id<Attachment>) {
    office.admin.attachments().delete(id).unwrap();
    office.admin.attachments().purge(id).unwrap();
}

/// The SHA-256 of "ten tons", by another program.
const TEN_TONS: &str = "27a491704867405164cc36652f0caf3a63b508f315591505124e91192f19f893";

#[test]
fn the_bytes_come_back_as_they_were_given() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let small = attach(&office, customer, b"ten tons");
    assert_eq!((small.size, small.sha256.as_str()), (8, TEN_TONS));
    assert_eq!(small.media_type, "application/octet-stream");
    assert_eq!(read(&office.admin, small.id).unwrap(), b"ten tons");
    for length in [1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 7] {
        let bytes: Vec<u8> = (0..length).map(|n| u8::try_from(n % 251).unwrap()).collect();
        let stored = attach(&office, customer, &bytes);
        assert_eq!(usize::try_from(stored.size).unwrap(), length);
        assert!(read(&office.admin, stored.id).unwrap() == bytes, "{length} bytes");
    }
    assert!(office.crm.check().unwrap().is_clean());
}

#[test]
fn an_empty_file_is_a_file() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let empty = attach(&office, customer, b"");
    let of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!((empty.size, empty.sha256.as_str()), (0, of_nothing));
    assert_eq!(read(&office.admin, empty.id).unwrap(), b"");
    let again = attach(&office, customer, b"");
    purge(&office, empty.id);
    assert_eq!(read(&office.admin, again.id).unwrap(), b"");
}

/// Gives a few bytes at a time, as a pipe does.
struct Slowly<'b>(&'b [u8]);

impl Read for Slowly<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let length = into.len().min(1_000);
        self.0.read(&mut into[..length])
    }
}

#[test]
fn the_same_content_is_the_same_however_it_comes() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let bytes = vec![7_u8; PIECE + 5];
    let at_once = attach(&office, customer, &bytes);
    let slowly = office.admin.attach(file(customer, "slow"), &mut Slowly(&bytes)).unwrap();
    assert_eq!(at_once.sha256, slowly.sha256);
    assert!(read(&office.admin, slowly.id).unwrap() == bytes);
}

/// How many pieces of bytes a store keeps under the name of these attachments.
fn pieces(store: &dyn Store, sha256: &str) -> u32 {
    let byte = |n: usize| u8::from_str_radix(&sha256[2 * n..2 * n + 2], 16).unwrap();
    let name: [u8; 32] = std::array::from_fn(byte);
    let view = store.reader().unwrap();
    (0..).take_while(|place| view.chunk(&name, *place).unwrap().is_some()).count().try_into().unwrap()
}

#[test]
fn content_is_kept_once_and_goes_with_the_last_that_uses_it() {
    let store = Arc::new(MemoryStore::new());
    let crm = Crm::open(Arc::clone(&store) as Arc<dyn Store>, test_options(7).0).unwrap();
    let session = crm.system("test");
    let named = |name: &str| Customer { name: name.into(), ..Customer::default() };
    let customer = session.customers().create(named("Mara Tea")).unwrap().id;
    let other = session.customers().create(named("Other")).unwrap().id;
    let bytes = vec![1_u8; PIECE + 1];
    let first = session.attach(file(customer, "a"), &mut &*bytes).unwrap();
    let second = session.attach(file(other, "b"), &mut &*bytes).unwrap();
    let third = session.attach(file(other, "c"), &mut &*bytes).unwrap();
    assert_eq!((&first.sha256, &first.sha256), (&second.sha256, &third.sha256));
    assert_eq!(pieces(&*store, &first.sha256), 2);
    session.attachments().delete(first.id).unwrap();
    session.attachments().purge(first.id).unwrap();
    assert_eq!(pieces(&*store, &first.sha256), 2, "others use it");
    session.attachments().delete(second.id).unwrap();
    session.attachments().delete(third.id).unwrap();
    session.attachments().purge(third.id).unwrap();
    assert_eq!(pieces(&*store, &first.sha256), 2, "one in the trash does");
    assert_eq!(failure(read(&session, second.id)), "not_found");
    session.attachments().restore(second.id).unwrap();
    assert!(read(&session, second.id).unwrap() == bytes);
    // With its customer it goes for good.
    session.customers().delete(other).unwrap();
    session.customers().purge(other).unwrap();
    assert_eq!(pieces(&*store, &first.sha256), 0);
    let back = session.attach(file(customer, "a"), &mut &*bytes).unwrap();
    assert!(read(&session, back.id).unwrap() == bytes, "and comes again");
    assert!(crm.check().unwrap().is_clean());
}

#[test]
fn a_file_is_no_larger_than_the_settings_allow() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    office.admin.update_settings(|settings| settings.attachment_limit = 10).unwrap();
    attach(&office, customer, &[1; 10]);
    let large = office.admin.attach(file(customer, "large"), &mut [1; 11].as_slice());
    assert_eq!(failure(large), "invalid bytes too_long");
    let endless = office.admin.attach(file(customer, "endless"), &mut std::io::repeat(1));
    assert_eq!(failure(endless), "invalid bytes too_long", "nobody waits for its end");
    office.admin.update_settings(|settings| settings.attachment_limit = 5).unwrap();
    let all = office.admin.attachments().list(&Query::new()).unwrap().items;
    assert_eq!(read(&office.admin, all[0].id).unwrap(), [1; 10], "what is there stays");
    assert_eq!(all.len(), 1);
}

#[test]
fn a_file_has_a_name_without_a_folder_and_a_media_type() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let attach = |attachment: Attachment| office.admin.attach(attachment, &mut "x".as_bytes());
    for name in ["", "  ", ".", ".."] {
        assert_eq!(failure(attach(file(customer, name))), "invalid file_name blank", "{name:?}");
    }
    for name in ["a/b", "a\\b", "../x", "a\tb"] {
        assert_eq!(failure(attach(file(customer, name))), "invalid file_name syntax", "{name:?}");
    }
    for media_type in ["text", "text/", "/plain", "text/plain x", "größe/x"] {
        let wrong = Attachment { media_type: media_type.into(), ..file(customer, "a") };
        assert_eq!(failure(attach(wrong)), "invalid media_type syntax", "{media_type:?}");
    }
    let pdf = Attachment { media_type: " Application/PDF".into(), ..file(customer, " Größe.pdf ") };
    let pdf = attach(pdf).unwrap();
    assert_eq!((pdf.file_name.as_str(), pdf.media_type.as_str()), ("Größe.pdf", "application/pdf"));
    assert_eq!(office.admin.search("grosse", 5).unwrap()[0].id, pdf.id.uuid());
    assert_eq!(office.admin.attachments().count(&Query::new()).unwrap(), 1);
}

#[test]
fn size_and_hash_are_the_librarys_and_an_attachment_comes_with_its_bytes() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let attachments = office.admin.attachments();
    assert_eq!(failure(attachments.create(file(customer, "a"))), "invalid sha256 blank");
    let mut batch = office.admin.batch();
    batch.create(file(customer, "a")).unwrap();
    assert_eq!(failure(batch.run()), "invalid steps.0.sha256 blank");
    let forged = Attachment { size: 5, sha256: "0".repeat(64), ..file(customer, "a") };
    let attached = office.admin.attach(forged, &mut "x".as_bytes());
    assert_eq!(failure(attached), "invalid size system, sha256 system");
    let stored = attach(&office, customer, b"x");
    let changed = attachments.patch(stored.id, Patch::new().set("size", 5));
    assert_eq!(failure(changed), "invalid size system");
    let renamed = attachments.patch(stored.id, Patch::new().set("file_name", "b.txt")).unwrap();
    assert_eq!((renamed.file_name.as_str(), &renamed.sha256), ("b.txt", &stored.sha256));
}

#[test]
fn what_an_attachment_goes_with_is_of_the_same_customer() {
    let office = office();
    let (ours, theirs) = (office.customer("Ours").id, office.customer("Theirs").id);
    let note = |customer| {
        let note = Note { customer, body: "x".into(), ..Note::default() };
        Some(office.admin.notes().create(note).unwrap().id)
    };
    let (own, foreign) = (note(ours), note(theirs));
    let with = |note| Attachment { note, opportunity: Some(office.deal(ours).id), ..file(ours, "a") };
    let wrong = office.admin.attach(with(foreign), &mut "x".as_bytes());
    assert_eq!(failure(wrong), "invalid note unknown");
    let right = office.admin.attach(with(own), &mut "x".as_bytes()).unwrap();
    let moved = office.admin.attachments().update(right.id, |attachment| attachment.customer = theirs);
    assert_eq!(failure(moved), "invalid opportunity unknown, note unknown");
    let stranger = office.admin.attach(file(office.admin.new_id().unwrap(), "a"), &mut "x".as_bytes());
    assert_eq!(failure(stranger), "invalid customer unknown");
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("the line is dead"))
    }
}

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("the disk is full"))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_can_not_be_read_to_its_end_leaves_nothing() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let mut half = std::io::repeat(1).take(2 * PIECE as u64).chain(Broken);
    let broken = office.admin.attach(file(customer, "half"), &mut half).unwrap_err();
    assert_eq!(broken.code(), "storage");
    assert!(broken.to_string().contains("the line is dead"), "{broken}");
    assert_eq!(office.admin.attachments().count(&Query::new()).unwrap(), 0);
    let stored = attach(&office, customer, b"ten tons");
    assert_eq!(office.admin.read_attachment(stored.id, &mut Broken).unwrap_err().code(), "storage");
}

/// Wherever a store fails while bytes come in, neither the record nor a piece of the bytes stays.
#[test]
fn a_store_that_fails_on_the_way_keeps_nothing() {
    let inner = Arc::new(MemoryStore::new());
    let store = Arc::new(FaultStore::new(Arc::clone(&inner) as Arc<dyn Store>));
    let crm = Crm::open(Arc::clone(&store) as Arc<dyn Store>, test_options(7).0).unwrap();
    let session = crm.system("test");
    let customer = Customer { name: "Mara Tea".into(), ..Customer::default() };
    let customer = session.customers().create(customer).unwrap().id;
    let bytes = vec![9_u8; 2 * PIECE + 1];
    let sha256 = {
        let whole = session.attach(file(customer, "whole"), &mut &*bytes).unwrap();
        session.attachments().delete(whole.id).unwrap();
        session.attachments().purge(whole.id).unwrap();
        whole.sha256.clone()
    };
    for nth in 1.. {
        store.fail_once(&[PortCall::Write, PortCall::Commit], nth, || Error::Full);
        let attached = session.attach(file(customer, "whole"), &mut &*bytes);
        if store.failed() == 0 {
            attached.unwrap();
            assert!(nth > 5, "three pieces, the record, the journal, the commit");
            break;
        }
        assert_eq!(failure(attached), "full");
        assert_eq!(pieces(&*inner, &sha256), 0);
        assert_eq!(session.attachments().count(&Query::new()).unwrap(), 0);
    }
    assert_eq!(pieces(&*inner, &sha256), 3);
}

#[test]
fn only_who_sees_the_customer_reads_the_bytes() {
    let office = office();
    let own = crm_core::Grants::of_all_kinds(crm_core::Action::ALL, crm_core::Level::Own);
    let role = crm_core::Role { key: "own".into(), grants: own, ..crm_core::Role::default() };
    office.admin.roles().create(role).unwrap();
    let juma = office.user("juma", "own", None);
    let viewer = office.user("kim", "viewer", None);
    let customer = office.customer("Mara Tea").id;
    let stored = attach(&office, customer, b"ten tons").id;
    assert_eq!(failure(read(&juma, stored)), "not_found");
    assert_eq!(read(&viewer, stored).unwrap(), b"ten tons");
    let looked_in = viewer.attach(file(customer, "a"), &mut Broken);
    assert_eq!(failure(looked_in), "denied", "nobody reads what he may not add");
    let unseen = juma.attach(file(customer, "a"), &mut "x".as_bytes());
    assert_eq!(failure(unseen), "invalid customer unknown");
    let user = juma.me().unwrap().unwrap().id;
    office.admin.customers().update(customer, |customer| customer.owner = Some(user)).unwrap();
    assert_eq!(read(&juma, stored).unwrap(), b"ten tons");
}

#[test]
fn undo_takes_an_attachment_away_and_brings_it_back() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let stored = attach(&office, customer, b"ten tons").id;
    let last = || office.crm.changes_since(0, 1_000).unwrap().pop().unwrap();
    assert_eq!(last().command, "attach");
    let taken = office.admin.undo(last().id).unwrap();
    assert_eq!(failure(read(&office.admin, stored)), "not_found");
    office.admin.undo(taken.id).unwrap();
    assert_eq!(read(&office.admin, stored).unwrap(), b"ten tons");
}
