//! The programs of the README and of the guide, compiled and run with the documentation's tests.

macro_rules! chapters {
    ($($file:literal as $name:ident,)*) => {
        $(
            #[doc = include_str!(concat!("../../../", $file))]
            struct $name;
        )*
    };
}

chapters! {
    "README.md" as Readme,
    "docs/src/introduction.md" as Introduction,
    "docs/src/background.md" as Background,
    "docs/src/state.md" as State,
    "docs/src/mathematics.md" as Mathematics,
    "docs/src/program.md" as Program,
    "docs/src/runs.md" as Runs,
    "docs/src/after.md" as After,
    "docs/src/questions.md" as Questions,
    "docs/src/vanishing.md" as Vanishing,
    "docs/src/pytorch.md" as Pytorch,
    "docs/src/keras.md" as Keras,
    "docs/src/your-cell.md" as YourCell,
    "docs/src/your-rule.md" as YourRule,
    "docs/src/reproducible.md" as Reproducible,
    "docs/src/deploying.md" as Deploying,
}
