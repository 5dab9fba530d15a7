//! Files of weights and checkpoints: their format, what damage does, what crashes do, and runs
//! that go on.

mod crashes;
mod damage;
mod format;
mod headers;
mod imports;
mod kills;
mod misfits;
mod resumes;
mod store;
mod train;
