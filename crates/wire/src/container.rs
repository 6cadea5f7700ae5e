//! The container of a bundle: a ZIP that any program opens and only one program writes.
//!
//! Files are stored, not compressed; times, attributes, extra fields and comments are fixed. So
//! the bytes of a container are a function of its files alone, and [`read`] can write them anew
//! and demand the same bytes: there is no room for anything that is not checked.
//! See `docs/decisions/0003-bundle-container-is-exactly-reproducible.md`.
//!
//! **Invariant**: [`read`] takes exactly what [`write()`] gives.
//! **Trust**: the CRC-32 finds accidents; forgeries are found by what the files prove.

mod record;

use record::{CentralEnd, Header, MAX_FILES};

/// A named file.
pub type File = (String, Vec<u8>);

/// Why files are no container, or bytes are none. Final for the same input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContainerError {
    /// A name that is not made of `A-Z a-z 0-9 . _ - /`, or has empty or dot segments.
    #[error("{0:?} is no name for a file in a bundle")]
    Name(String),
    /// Two files of one name.
    #[error("two files are called {0}")]
    Duplicate(String),
    /// More than 65 535 files, or 4 GiB or more.
    #[error("too many or too large files for this kind of container")]
    TooLarge,
    /// Not the beginning of a container.
    #[error("not a container: no file header at byte {0}")]
    NotAContainer(usize),
    /// The bytes end within a file.
    #[error("the container ends within a file at byte {0}")]
    Truncated(usize),
    /// The bytes of a file are not those that were put in.
    #[error("the CRC-32 of {0} does not fit its bytes")]
    Damaged(String),
    /// The files are whole, but what stands around them is not as [`write()`] writes it.
    #[error("the container differs from its exact form at byte {0}")]
    Differs(usize),
}

/// The bytes of the container with these files, in this order.
pub fn write(files: &[(&str, &[u8])]) -> Result<Vec<u8>, ContainerError> {
    let count = u16::try_from(files.len()).map_err(|_| ContainerError::TooLarge)?;
    let (mut out, mut central) = (Vec::new(), Vec::new());
    for (position, (name, bytes)) in files.iter().enumerate() {
        check_name(name)?;
        if files.iter().take(position).any(|(other, _)| other == name) {
            return Err(ContainerError::Duplicate((*name).to_owned()));
        }
        let header = Header::of(name, bytes, out.len())?;
        header.write_central(&mut central);
        header.write_local(&mut out);
        out.extend_from_slice(bytes);
    }
    let end = CentralEnd::of(count, out.len(), central.len())?;
    out.append(&mut central);
    end.write(&mut out);
    Ok(out)
}

/// The files of a container, in their order.
pub fn read(container: &[u8]) -> Result<Vec<File>, ContainerError> {
    let mut files: Vec<File> = Vec::new();
    let mut rest = container;
    // What follows the files is not read at all: it is written anew and compared.
    while rest.starts_with(&record::LOCAL_SIGNATURE) && files.len() < MAX_FILES {
        let offset = container.len() - rest.len();
        let (header, after) = Header::read_local(rest).ok_or(ContainerError::Truncated(offset))?;
        let length = usize::try_from(header.length).unwrap_or(usize::MAX);
        let (bytes, after) =
            after.split_at_checked(length).ok_or(ContainerError::Truncated(offset))?;
        check_name(header.name)?;
        if crc32fast::hash(bytes) != header.crc32 {
            return Err(ContainerError::Damaged(header.name.to_owned()));
        }
        files.push((header.name.to_owned(), bytes.to_vec()));
        rest = after;
    }
    if files.is_empty() {
        return Err(ContainerError::NotAContainer(0));
    }
    let borrowed: Vec<(&str, &[u8])> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    match first_difference(&write(&borrowed)?, container) {
        None => Ok(files),
        Some(offset) => Err(ContainerError::Differs(offset)),
    }
}

fn first_difference(a: &[u8], b: &[u8]) -> Option<usize> {
    let common = a.iter().zip(b).position(|(a, b)| a != b);
    common.or_else(|| (a.len() != b.len()).then(|| a.len().min(b.len())))
}

/// Names that every system can store and none can read as a way out of the folder.
fn check_name(name: &str) -> Result<(), ContainerError> {
    let is_fine = name.split('/').all(|segment| {
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        !matches!(segment, "" | "." | "..") && segment.bytes().all(is_plain)
    });
    if is_fine { Ok(()) } else { Err(ContainerError::Name(name.to_owned())) }
}

#[cfg(test)]
mod tests;
