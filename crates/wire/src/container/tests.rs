use super::*;
use proptest::prelude::*;
use std::io::{Cursor, Read};

const FILES: [(&str, &[u8]); 3] =
    [("mimetype", b"application/x-test"), ("a/b.json", b"{}"), ("empty", b"")];

fn owned(files: &[(&str, &[u8])]) -> Vec<File> {
    files.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect()
}

#[test]
fn a_container_gives_its_files_back_in_order() {
    let container = write(&FILES).unwrap();
    assert_eq!(read(&container).unwrap(), owned(&FILES));
    // ASiC (ETSI EN 319 162-1 §A.1): the media type can be read at byte 38.
    assert_eq!(&container[30..56], b"mimetypeapplication/x-test");
}

#[test]
fn an_independent_program_opens_it() {
    let mut archive = zip::ZipArchive::new(Cursor::new(write(&FILES).unwrap())).unwrap();
    assert_eq!(archive.len(), FILES.len());
    for (position, (name, bytes)) in FILES.iter().enumerate() {
        let mut file = archive.by_index(position).unwrap();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        assert_eq!((&*file.name().unwrap(), content.as_slice()), (*name, *bytes));
        assert_eq!(file.compression(), zip::CompressionMethod::Stored);
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    let container = write(&FILES).unwrap();
    for bit in 0..container.len() * 8 {
        let mut changed = container.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(read(&changed).is_err(), "bit {} of byte {}", bit % 8, bit / 8);
    }
}

#[test]
fn what_is_cut_off_or_added_is_refused() {
    let container = write(&FILES).unwrap();
    for length in 0..container.len() {
        assert!(read(&container[..length]).is_err(), "{length} bytes");
    }
    let longer = [container.as_slice(), b"\0"].concat();
    assert_eq!(read(&longer), Err(ContainerError::Differs(container.len())));
    let before = [b"\0", container.as_slice()].concat();
    assert_eq!(read(&before), Err(ContainerError::NotAContainer(0)));
}

#[test]
fn a_damaged_file_is_named() {
    let mut container = write(&FILES).unwrap();
    container[40] ^= 1;
    assert_eq!(read(&container), Err(ContainerError::Damaged("mimetype".to_owned())));
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    for name in ["", "/a", "a/", "../a", "a//b", "./a", "a b", "é", "C:a", "a\\b"] {
        assert_eq!(write(&[(name, b"")]), Err(ContainerError::Name(name.to_owned())), "{name}");
    }
    let twice = write(&[("a", b"1"), ("a", b"2")]);
    assert_eq!(twice, Err(ContainerError::Duplicate("a".to_owned())));
}

proptest! {
    #[test]
    fn any_files_come_back(
        files in prop::collection::btree_map(
            "[a-z]{1,8}(/[a-z]{1,8})?", prop::collection::vec(any::<u8>(), 0..60), 1..6
        )
    ) {
        let files: Vec<File> = files.into_iter().collect();
        let borrowed: Vec<(&str, &[u8])> =
            files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        prop_assert_eq!(read(&write(&borrowed).unwrap()).unwrap(), files);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
        let _ = read(&[&record::LOCAL_SIGNATURE, bytes.as_slice()].concat());
    }
}
