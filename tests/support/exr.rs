//! Writes small EXR files, byte for byte: the tests know where each part is.

/// A file with scan lines, one chunk each, without compression: one channel `Y` of halves.
pub struct Exr {
    pub bytes: Vec<u8>,
    /// Where the offset table begins.
    pub table: usize,
    /// The number of its entries.
    pub chunks: usize,
}

/// An EXR file of this size.
pub fn exr(width: i32, height: i32) -> Exr {
    exr_with("Y", width, height)
}

/// The same with another name of the channel.
pub fn exr_with(channel: &str, width: i32, height: i32) -> Exr {
    let mut bytes = vec![0x76, 0x2f, 0x31, 0x01, 2, 0, 0, 0];
    let mut attribute = |name: &str, kind: &str, value: &[u8]| {
        bytes.extend_from_slice(name.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(kind.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(&u32::try_from(value.len()).unwrap().to_le_bytes());
        bytes.extend_from_slice(value);
    };
    let numbers = |numbers: &[i32]| -> Vec<u8> {
        numbers
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect()
    };
    let window = numbers(&[0, 0, width - 1, height - 1]);
    let channel = [channel.as_bytes(), b"\0", &numbers(&[1, 0, 1, 1]), b"\0"].concat();
    attribute("channels", "chlist", &channel);
    attribute("compression", "compression", &[0]);
    attribute("dataWindow", "box2i", &window);
    attribute("displayWindow", "box2i", &window);
    attribute("lineOrder", "lineOrder", &[0]);
    attribute("pixelAspectRatio", "float", &1_f32.to_le_bytes());
    attribute("screenWindowCenter", "v2f", &[0; 8]);
    attribute("screenWindowWidth", "float", &1_f32.to_le_bytes());
    bytes.push(0);
    let table = bytes.len();
    let chunks = usize::try_from(height).unwrap();
    let line = usize::try_from(width).unwrap() * 2;
    for chunk in 0..chunks {
        let offset = table + 8 * chunks + (8 + line) * chunk;
        bytes.extend_from_slice(&(offset as u64).to_le_bytes());
    }
    for y in 0..height {
        bytes.extend_from_slice(&numbers(&[y, width * 2]));
        bytes.extend(std::iter::repeat_n(0x3c, line));
    }
    Exr {
        bytes,
        table,
        chunks,
    }
}

impl Exr {
    /// Replaces an entry of the offset table.
    pub fn set_offset(&mut self, chunk: usize, offset: u64) {
        let at = self.table + 8 * chunk;
        self.bytes[at..at + 8].copy_from_slice(&offset.to_le_bytes());
    }

    /// The bytes with another entry of the offset table.
    pub fn with_offset(mut self, chunk: usize, offset: u64) -> Vec<u8> {
        self.set_offset(chunk, offset);
        self.bytes
    }
}
