//! Records with checksums.

use crc::{CRC_32_ISCSI, Crc};
use std::io::{self, Write};

const CRC_32C: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// One record of TensorFlow's format:
///
/// ```text
/// length (8 bytes)  checksum of the length (4)  data  checksum of the data (4)
/// ```
///
/// all of them with the lowest byte first.
pub(super) fn write(out: &mut impl Write, data: &[u8]) -> io::Result<()> {
    let length = (data.len() as u64).to_le_bytes();
    out.write_all(&length)?;
    out.write_all(&checksum(&length).to_le_bytes())?;
    out.write_all(data)?;
    out.write_all(&checksum(data).to_le_bytes())
}

/// CRC-32C (Castagnoli et al. 1993), turned by 15 bits and moved: a checksum of data that has
/// checksums in it would be weak.
pub(super) fn checksum(data: &[u8]) -> u32 {
    CRC_32C.checksum(data).rotate_right(15).wrapping_add(0xA282_EAD8)
}
