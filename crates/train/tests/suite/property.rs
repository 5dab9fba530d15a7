//! `proptest!`, with a runner that is compiled once and not for each test.

use proptest::prelude::*;
use proptest::test_runner::{TestCaseResult, TestRunner};
use std::fmt;

/// What was drawn for a test, and the test: an object, whatever was drawn.
pub(crate) trait Case: fmt::Debug {
    fn test(self: Box<Self>) -> TestCaseResult;
}

pub(crate) struct Drawn<V> {
    pub(crate) names: &'static str,
    pub(crate) values: V,
    pub(crate) test: fn(V) -> TestCaseResult,
}

impl<V: fmt::Debug> Case for Drawn<V> {
    fn test(self: Box<Self>) -> TestCaseResult {
        (self.test)(self.values)
    }
}

impl<V: fmt::Debug> fmt::Debug for Drawn<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}) = {:?}", self.names, self.values)
    }
}

/// Tests cases that are drawn; panics with the least that fails.
pub(crate) fn run(
    config: ProptestConfig,
    source: &'static str,
    name: &'static str,
    strategy: &BoxedStrategy<Box<dyn Case>>,
) {
    let (source_file, test_name) = (Some(source), Some(name));
    let mut runner = TestRunner::new(ProptestConfig { source_file, test_name, ..config });
    if let Err(error) = runner.run(strategy, |case| case.test()) {
        panic!("{error}\n{runner}");
    }
}

/// As `proptest!`.
macro_rules! properties {
    (
        #![proptest_config($config:expr)]
        $($(#[$meta:meta])* fn $name:ident($($value:ident in $strategy:expr),+ $(,)?) $body:block)*
    ) => {$(
        $(#[$meta])*
        fn $name() {
            let drawn = ($($strategy,)+).prop_map(|values| {
                Box::new($crate::property::Drawn {
                    names: stringify!($($value),+),
                    values,
                    test: |($($value,)+)| {
                        $body
                        Ok(())
                    },
                }) as Box<dyn $crate::property::Case>
            });
            let name = concat!(module_path!(), "::", stringify!($name));
            $crate::property::run($config, file!(), name, &drawn.boxed());
        }
    )*};
    ($($tests:tt)*) => {
        properties! { #![proptest_config(ProptestConfig::default())] $($tests)* }
    };
}
