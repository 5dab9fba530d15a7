//! Files in memory, which fail when they are told to, and forget in a crash what was not synced.

use elman_io::Files;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Cursor, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// What happens from some operation on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// This operation fails, and no other.
    Once,
    /// All fail from here on.
    Gone,
    /// Nothing more can be written: half of it is, then there is an error.
    Full,
    /// Names can be neither made nor changed.
    ReadOnly,
    /// The machine stops: nothing is done any more, and nobody is told.
    Crash,
    /// The machine stops in the middle of this operation: of what is written, half is.
    Torn,
}

impl Fault {
    pub(crate) const ALL: [Fault; 6] =
        [Fault::Once, Fault::Gone, Fault::Full, Fault::ReadOnly, Fault::Crash, Fault::Torn];

    pub(crate) fn stops(self) -> bool {
        matches!(self, Fault::Crash | Fault::Torn)
    }
}

/// What is there when the machine runs again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    /// Everything: only the program was stopped.
    All,
    /// All names, and of each file what was synced.
    Names,
    /// What was synced, of files and of folders.
    Synced,
}

impl After {
    pub(crate) const ALL: [After; 3] = [After::All, After::Names, After::Synced];
}

#[derive(Debug, Clone, Default)]
struct File {
    now: Vec<u8>,
    synced: Vec<u8>,
}

/// The entry of a folder: a file by its number, or a folder.
type Entry = Option<usize>;

#[derive(Clone, Default)]
struct State {
    files: Vec<File>,
    names: BTreeMap<PathBuf, Entry>,
    synced: BTreeMap<PathBuf, Entry>,
    /// Operations done so far, and when something happens.
    operations: usize,
    fault: Option<(usize, Fault)>,
    /// Another program, and when it does something.
    other: Option<(usize, Program)>,
}

/// What a program does with the files.
type Program = Rc<dyn Fn(&Store)>;

/// What becomes of an operation.
enum Fate {
    Done,
    Half,
    Forgotten,
}

#[derive(Clone, Default)]
pub(crate) struct Store(Rc<RefCell<State>>);

impl Store {
    pub(crate) fn operations(&self) -> usize {
        self.0.borrow().operations
    }

    /// Something happens when so many operations were done.
    pub(crate) fn plan(&self, at: usize, fault: Fault) {
        let at = self.operations() + at;
        self.0.borrow_mut().fault = Some((at, fault));
    }

    /// Nothing happens any more.
    pub(crate) fn calm(&self) {
        self.0.borrow_mut().fault = None;
    }

    /// Another program does something when so many operations were done.
    pub(crate) fn meet(&self, at: usize, other: impl Fn(&Store) + 'static) {
        let at = self.operations() + at;
        self.0.borrow_mut().other = Some((at, Rc::new(other)));
    }

    /// What another program finds later.
    pub(crate) fn after(&self, after: After) -> Store {
        let mut state = self.0.borrow().clone();
        state.fault = None;
        if after == After::Synced {
            // Without its folders, a file cannot be found.
            let all = state.synced.clone();
            let is_there = |folder: &Path| folder == Path::new("/") || all.contains_key(folder);
            state.synced.retain(|path, _| path.ancestors().all(is_there));
            state.names = state.synced.clone();
        }
        if after != After::All {
            state.files.iter_mut().for_each(|file| file.now = file.synced.clone());
        }
        Store(Rc::new(RefCell::new(state)))
    }

    /// All files that are there.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        let state = self.0.borrow();
        state.names.iter().filter(|(_, e)| e.is_some()).map(|(path, _)| path.clone()).collect()
    }

    /// Puts a file there, as others do.
    pub(crate) fn put(&self, path: &Path, bytes: &[u8]) {
        let mut state = self.0.borrow_mut();
        state.files.push(File { now: bytes.to_vec(), synced: bytes.to_vec() });
        let number = state.files.len() - 1;
        state.names.insert(path.into(), Some(number));
        state.synced.insert(path.into(), Some(number));
    }

    fn fate(&self, changes_names: bool, writes: bool) -> io::Result<Fate> {
        let now = self.operations();
        let other = self.0.borrow_mut().other.take_if(|(at, _)| *at == now);
        if let Some((_, other)) = other {
            other(self);
        }
        let mut state = self.0.borrow_mut();
        let now = state.operations;
        state.operations += 1;
        match state.fault {
            Some((at, fault)) if at <= now => match fault {
                Fault::Once if at == now => Err(io::Error::other("once")),
                Fault::Gone => Err(io::Error::other("gone")),
                Fault::Full if writes => Ok(Fate::Half),
                Fault::ReadOnly if changes_names => Err(ErrorKind::PermissionDenied.into()),
                Fault::Torn if at == now && writes => Ok(Fate::Half),
                Fault::Crash | Fault::Torn => Ok(Fate::Forgotten),
                _ => Ok(Fate::Done),
            },
            _ => Ok(Fate::Done),
        }
    }

    fn number(&self, path: &Path) -> io::Result<usize> {
        self.0.borrow().names.get(path).copied().flatten().ok_or(ErrorKind::NotFound.into())
    }
}

pub(crate) struct Output {
    store: Store,
    /// `None` of a file that was never made.
    number: Option<usize>,
}

impl Write for Output {
    /// A hundred bytes at a time, so that there is much that can happen in between.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let bytes = &bytes[..bytes.len().min(100)];
        let fate = self.store.fate(false, true)?;
        let mut state = self.store.0.borrow_mut();
        let full = matches!(state.fault, Some((_, Fault::Full)));
        let taken = match fate {
            Fate::Done => bytes,
            Fate::Half => &bytes[..bytes.len() / 2],
            Fate::Forgotten => &[],
        };
        if let Some(number) = self.number {
            state.files[number].now.extend_from_slice(taken);
        }
        match fate {
            Fate::Half if full => Err(ErrorKind::StorageFull.into()),
            _ => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Files for Store {
    type Output = Output;
    type Input = Cursor<Vec<u8>>;

    fn create(&self, path: &Path) -> io::Result<Output> {
        let store = self.clone();
        if let Fate::Forgotten = self.fate(true, false)? {
            return Ok(Output { store, number: None });
        }
        let mut state = self.0.borrow_mut();
        if state.names.contains_key(path) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        state.files.push(File::default());
        let number = Some(state.files.len() - 1);
        state.names.insert(path.into(), number);
        Ok(Output { store, number })
    }

    fn sync(&self, file: &mut Output) -> io::Result<()> {
        if let (Fate::Done, Some(number)) = (self.fate(false, false)?, file.number) {
            let file = &mut self.0.borrow_mut().files[number];
            file.synced.clone_from(&file.now);
        }
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        if let Fate::Done = self.fate(true, false)? {
            self.number(from)?;
            let state = &mut *self.0.borrow_mut();
            let entry = state.names.remove(from).unwrap();
            state.names.insert(to.into(), entry);
        }
        Ok(())
    }

    fn sync_dir(&self, folder: &Path) -> io::Result<()> {
        if let Fate::Done = self.fate(false, false)? {
            let state = &mut *self.0.borrow_mut();
            state.synced.retain(|path, _| path.parent() != Some(folder));
            let inside = state.names.iter().filter(|(path, _)| path.parent() == Some(folder));
            state.synced.extend(inside.map(|(path, entry)| (path.clone(), *entry)));
        }
        Ok(())
    }

    fn open(&self, path: &Path) -> io::Result<(Self::Input, u64)> {
        self.fate(false, false)?;
        let bytes = self.0.borrow().files[self.number(path)?].now.clone();
        let length = bytes.len() as u64;
        Ok((Cursor::new(bytes), length))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<OsString>> {
        self.fate(false, false)?;
        let state = self.0.borrow();
        if folder != Path::new("/") && !state.names.contains_key(folder) {
            return Err(ErrorKind::NotFound.into());
        }
        let inside = state.names.keys().filter(|path| path.parent() == Some(folder));
        Ok(inside.map(|path| path.file_name().unwrap().to_owned()).collect())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        if let Fate::Done = self.fate(true, false)? {
            self.number(path)?;
            self.0.borrow_mut().names.remove(path);
        }
        Ok(())
    }

    fn create_dir(&self, folder: &Path) -> io::Result<()> {
        if let Fate::Done = self.fate(true, false)? {
            let state = &mut *self.0.borrow_mut();
            for folder in folder.ancestors().filter(|folder| *folder != Path::new("/")) {
                state.names.entry(folder.into()).or_insert(None);
            }
        }
        Ok(())
    }
}
