//! Files and pages, seen from outside.

mod files;
mod page;
