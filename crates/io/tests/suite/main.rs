//! Files of weights and checkpoints: their format, what damage does, what crashes do, and runs
//! that go on; models to and from other programs.

mod crashes;
mod damage;
mod exchange;
mod format;
mod headers;
mod imports;
mod kills;
mod misfits;
mod resumes;
mod seeds;
mod store;
mod train;
mod versions;
