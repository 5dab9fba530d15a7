//! Where each weight begins.

use elman_autograd::fits;
use std::ops::Range;

/// The weights that a transform sees, in their order: the path of each, and where its numbers
/// lie.
///
/// It is a view of a list that the [`Trainer`](crate::Trainer) keeps. Within
/// [`only`](crate::only) it is a part of the list, numbered as if there was nothing else.
///
/// ```
/// use elman_train::Layout;
///
/// let list = [("a.w".to_string(), 6), ("b.w".to_string(), 2), ("a.b".to_string(), 3)];
/// let all = Layout::new(&list);
/// assert_eq!(all.find("a.*").collect::<Vec<_>>(), [("a.w", 0..6), ("a.b", 8..11)]);
/// let part = all.only("a.*");
/// assert_eq!(part.iter().collect::<Vec<_>>(), [("a.w", 0..6), ("a.b", 6..9)]);
/// assert_eq!((all.len(), part.len()), (11, 9));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Layout<'a> {
    list: &'a [(String, usize)],
    /// How many numbers there are.
    len: usize,
    /// The pattern of a part, and what it is a part of.
    within: Option<(&'a str, &'a Layout<'a>)>,
}

impl<'a> Layout<'a> {
    /// All weights of a list of paths and sizes.
    pub fn new(list: &'a [(String, usize)]) -> Self {
        Layout { list, len: 0, within: None }.measured()
    }

    /// The part whose paths fit a pattern, in which `*` stands for any run of characters.
    pub fn only(&'a self, pattern: &'a str) -> Self {
        Layout { within: Some((pattern, self)), ..*self }.measured()
    }

    fn measured(self) -> Self {
        let len = self.iter().last().map_or(0, |(_, range)| range.end);
        Layout { len, ..self }
    }

    /// How many numbers the weights have together.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Each weight's path, and where its numbers lie in the vector of all.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, Range<usize>)> {
        let mut end = 0usize;
        self.list.iter().filter(|(path, _)| self.has(path)).map(move |(path, len)| {
            let start = end;
            end = end.saturating_add(*len);
            (path.as_str(), start..end)
        })
    }

    /// Those whose path fits a pattern.
    pub fn find(&self, pattern: &str) -> impl Iterator<Item = (&'a str, Range<usize>)> {
        self.iter().filter(move |(path, _)| fits(pattern, path))
    }

    fn has(&self, path: &str) -> bool {
        self.within.is_none_or(|(pattern, outer)| fits(pattern, path) && outer.has(path))
    }
}
