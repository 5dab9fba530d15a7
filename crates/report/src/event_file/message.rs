//! Messages as protocol buffers.

/// A message that is being written, field by field:
///
/// ```text
/// field = varint(number · 8 + kind) content,  kind 0: varint, 1: 8 bytes, 2: varint(length) bytes, 5: 4 bytes
/// ```
///
/// A varint has seven bits to a byte, the lowest first, and a set bit where another byte follows
/// (Protocol Buffers, encoding).
#[derive(Default)]
pub(super) struct Message(Vec<u8>);

impl Message {
    /// An integer.
    pub(super) fn int(&mut self, field: u64, x: u64) {
        self.key(field, 0);
        self.varint(x);
    }

    /// A number of 64 bits.
    pub(super) fn double(&mut self, field: u64, x: f64) {
        self.key(field, 1);
        self.0.extend(x.to_le_bytes());
    }

    /// A number of 32 bits.
    pub(super) fn float(&mut self, field: u64, x: f32) {
        self.key(field, 5);
        self.0.extend(x.to_le_bytes());
    }

    /// Bytes, or a text.
    pub(super) fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.key(field, 2);
        self.varint(bytes.len() as u64);
        self.0.extend(bytes);
    }

    /// Numbers of 64 bits, one behind the other.
    pub(super) fn doubles(&mut self, field: u64, numbers: &[f64]) {
        let bytes: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.bytes(field, &bytes);
    }

    /// A message within this one.
    pub(super) fn message(&mut self, field: u64, write: impl FnOnce(&mut Message)) {
        let mut inner = Message::default();
        write(&mut inner);
        self.bytes(field, &inner.0);
    }

    /// What was written.
    pub(super) fn content(&self) -> &[u8] {
        &self.0
    }

    fn key(&mut self, field: u64, kind: u64) {
        self.varint(field << 3 | kind);
    }

    fn varint(&mut self, mut x: u64) {
        while x >= 0x80 {
            self.0.push(x as u8 | 0x80);
            x >>= 7;
        }
        self.0.push(x as u8);
    }
}
