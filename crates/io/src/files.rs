//! Files that are whole, whatever happens.

use crate::Limits;
use crate::bundle::within;
use crate::error::Error;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is done with files: so little that a test can let each of it fail, and that another store
/// can take the place of the [`Disk`].
///
/// Renaming is atomic, in place of what was there. What was [synced](Files::sync) is there after a
/// crash; so is a new name, once its folder was.
///
/// ```
/// use elman_io::{Disk, Files};
/// use std::io;
/// use std::path::Path;
///
/// /// How many bytes a folder has, in any store.
/// fn bytes<F: Files>(files: &F, folder: &Path) -> io::Result<u64> {
///     files.list(folder)?.iter().map(|name| Ok(files.open(&folder.join(name))?.1)).sum()
/// }
///
/// # let temporary = tempfile::tempdir()?;
/// # let folder = temporary.path();
/// std::fs::write(folder.join("a"), "four")?;
/// std::fs::write(folder.join("b"), "seven")?;
/// assert_eq!(bytes(&Disk, folder)?, 9);
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait Files {
    /// A file being written.
    type Output: Write;
    /// A file being read.
    type Input: Read;

    /// Creates a file, which must not be there yet.
    ///
    /// # Errors
    /// What the operating system says; as for the others.
    fn create(&self, path: &Path) -> io::Result<Self::Output>;

    /// Waits until what was written would outlast a crash.
    ///
    /// # Errors
    /// As for [`create`](Files::create).
    fn sync(&self, file: &mut Self::Output) -> io::Result<()>;

    /// Gives a file another name in its folder, in place of the file that has it.
    ///
    /// # Errors
    /// As for [`create`](Files::create), and if what has the name is not a regular file.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Waits until the names in a folder would outlast a crash.
    ///
    /// # Errors
    /// As for [`create`](Files::create).
    fn sync_dir(&self, folder: &Path) -> io::Result<()>;

    /// Opens a file; returns it with its length in bytes.
    ///
    /// # Errors
    /// As for [`create`](Files::create), and if it is no file.
    fn open(&self, path: &Path) -> io::Result<(Self::Input, u64)>;

    /// The names in a folder, in any order.
    ///
    /// # Errors
    /// As for [`create`](Files::create).
    fn list(&self, folder: &Path) -> io::Result<Vec<OsString>>;

    /// Removes a file.
    ///
    /// # Errors
    /// As for [`create`](Files::create).
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Creates a folder, and those it lies in, as far as they are not there.
    ///
    /// # Errors
    /// As for [`create`](Files::create).
    fn create_dir(&self, folder: &Path) -> io::Result<()>;
}

/// The files of the operating system.
///
/// ```
/// use elman_io::{Disk, Files};
/// use std::io::Write;
///
/// # let temporary = tempfile::tempdir()?;
/// # let folder = temporary.path();
/// let path = folder.join("a");
/// Disk.create(&path)?.write_all(b"five!")?;
/// assert_eq!(Disk.open(&path)?.1, 5);
/// assert!(Disk.create(&path).is_err()); // it is there already
/// Disk.rename(&path, &folder.join("b"))?;
/// assert_eq!(Disk.list(folder)?, ["b"]);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Disk;

impl Files for Disk {
    type Output = File;
    type Input = File;

    fn create(&self, path: &Path) -> io::Result<File> {
        File::create_new(path)
    }

    fn sync(&self, file: &mut File) -> io::Result<()> {
        file.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        // A link, a folder or a device under this name is not ours to replace.
        match fs::symlink_metadata(to) {
            Ok(found) if !found.is_file() => Err(not_regular()),
            _ => fs::rename(from, to),
        }
    }

    // Elsewhere, folders cannot be opened; names are then as safe as the system makes them.
    #[cfg(unix)]
    fn sync_dir(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    #[cfg(not(unix))]
    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn open(&self, path: &Path) -> io::Result<(File, u64)> {
        // Asked first: opening a pipe would wait for its other end.
        if !fs::metadata(path)?.is_file() {
            return Err(not_regular());
        }
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        Ok((file, length))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<OsString>> {
        fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name())).collect()
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn create_dir(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)
    }
}

/// What is not a regular file: a folder, a pipe, a device.
fn not_regular() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "expected a regular file")
}

/// Reads a whole file, as [`std::fs::read`] does, if it is a regular file of at most `limit` bytes:
/// a pipe would have to be waited for, and a device may never end.
///
/// ```
/// use elman_io::{Error, Flaw};
///
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("settings.toml");
/// elman_io::write(&path, "rate = 0.1")?;
/// assert_eq!(elman_io::read(&path, 100)?, b"rate = 0.1");
/// let Err(Error::Flaw { flaw, .. }) = elman_io::read(&path, 5) else { panic!("10 bytes") };
/// assert!(matches!(*flaw, Flaw::TooLarge { given: 10, limit: 5, .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::System`] for what the operating system says, and for what is not a regular file;
/// [`Flaw::TooLarge`](crate::Flaw::TooLarge).
pub fn read(path: impl AsRef<Path>, limit: u64) -> Result<Vec<u8>, Error> {
    load(&Disk, path.as_ref(), &Limits { file: limit, ..Limits::default() })
}

/// Reads a whole file, unless it is larger than the limit.
pub(crate) fn load<F: Files>(files: &F, path: &Path, limits: &Limits) -> Result<Vec<u8>, Error> {
    let (file, length) = files.open(path).map_err(Error::system("open", path))?;
    within("the file's bytes", length, limits.file).map_err(Error::in_file(path))?;
    let mut bytes = Vec::new();
    let room = usize::try_from(length).map_err(|_| io::ErrorKind::OutOfMemory.into());
    let room = room.and_then(|length| Ok(bytes.try_reserve_exact(length)?));
    room.map_err(Error::system("make room for", path))?;
    // What is appended meanwhile is not waited for.
    file.take(length).read_to_end(&mut bytes).map_err(Error::system("read", path))?;
    Ok(bytes)
}

/// Writes a file, as [`std::fs::write`] does, but one that is whole, whatever happens: one of this
/// name is replaced when all is written and would outlast a crash, or stays as it was. Nothing else
/// is replaced, or written through: no symbolic link, no device.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("settings.toml");
/// elman_io::write(&path, "rate = 0.1")?;
/// elman_io::write(&path, "rate = 0.01")?;
/// assert_eq!(std::fs::read_to_string(&path)?, "rate = 0.01");
/// // Nothing else is left in the folder.
/// assert_eq!(std::fs::read_dir(folder.path())?.count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// What the operating system says; a path that is not the name of a file.
pub fn write(path: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> Result<(), Error> {
    save(&Disk, path.as_ref(), contents.as_ref())
}

/// Removes what a writer that was stopped has left of a file, and [replaces](replace) it.
pub(crate) fn save<F: Files>(files: &F, path: &Path, bytes: &[u8]) -> Result<(), Error> {
    clean(files, folder(path), |name| path.file_name() == Some(OsStr::new(name)));
    replace(files, path, bytes)
}

/// Puts `bytes` in the place of a file. Whatever happens on the way, what lies there is the file
/// that was there, or all of `bytes`; of two writers at a time, one may get an error.
///
/// They go into another file in the same folder, which gets the name when all of it is safe.
pub(crate) fn replace<F: Files>(files: &F, path: &Path, bytes: &[u8]) -> Result<(), Error> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let Some(name) = path.file_name() else {
        let source = io::Error::new(io::ErrorKind::InvalidInput, "not the name of a file");
        return Err(Error::system("create", path)(source));
    };
    let folder = folder(path);
    let (process, number) = (process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let mut other = OsString::from(".");
    other.push(name);
    other.push(format!(".{process}-{number}{TEMPORARY}"));
    let other = folder.join(other);
    let written = || {
        let mut file = files.create(&other).map_err(Error::system("create", &other))?;
        file.write_all(bytes).map_err(Error::system("write", &other))?;
        file.flush().map_err(Error::system("write", &other))?;
        files.sync(&mut file).map_err(Error::system("sync", &other))?;
        drop(file);
        files.rename(&other, path).map_err(Error::system("replace", path))?;
        files.sync_dir(folder).map_err(Error::system("sync", folder))
    };
    written().inspect_err(|_| {
        // If it cannot be removed now, the next one does.
        _ = files.remove(&other);
    })
}

/// The end of the names of files that are not whole yet.
const TEMPORARY: &str = ".tmp";

/// Removes what writers that were stopped have left, of files whose name is one `of` those asked
/// for. What cannot be removed disturbs nobody.
pub(crate) fn clean<F: Files>(files: &F, folder: &Path, of: impl Fn(&str) -> bool) {
    for name in files.list(folder).unwrap_or_default() {
        if unfinished(&name).is_some_and(&of) {
            _ = files.remove(&folder.join(name));
        }
    }
}

/// The name that a file should have got: `NAME` of `.NAME.PROCESS-NUMBER.tmp`.
fn unfinished(name: &OsStr) -> Option<&str> {
    let (wanted, numbers) =
        name.to_str()?.strip_prefix('.')?.strip_suffix(TEMPORARY)?.rsplit_once('.')?;
    let (process, number) = numbers.split_once('-')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(process) && digits(number)).then_some(wanted)
}

/// The folder a file lies in.
pub(crate) fn folder(path: &Path) -> &Path {
    or_here(path.parent().unwrap_or(path))
}

/// A folder; without a name, the one in which the program runs.
pub(crate) fn or_here(folder: &Path) -> &Path {
    if folder == Path::new("") { Path::new(".") } else { folder }
}
