use crate::Error;

/// Fields of text, one after the other in one buffer: four bytes a field beside its text.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Fields {
    text: String,
    /// Where each field ends in `text`.
    ends: Vec<u32>,
}

impl Fields {
    /// Makes room for a number of further fields, with a number of bytes in all.
    ///
    /// Errors above 4 GiB of text, and if there is no such memory.
    pub(crate) fn reserve(&mut self, fields: usize, bytes: usize) -> Result<(), Error> {
        const MOST: usize = u32::MAX as usize;
        let bytes_in_all = self.text.len().saturating_add(bytes);
        if bytes_in_all > MOST {
            let (what, found) = ("bytes of text", bytes_in_all.to_string());
            return Err(Error::TooLarge { what, found, limit: MOST });
        }
        let fields_in_all = self.ends.len().saturating_add(fields);
        let none = elman_tensor::Error::TooLarge { elements: bytes_in_all, bytes: 1 };
        self.text.try_reserve(bytes).map_err(|_| none)?;
        Ok(elman_tensor::reserve(&mut self.ends, fields_in_all)?)
    }

    /// Appends a field.
    pub(crate) fn push(&mut self, field: &str) -> Result<(), Error> {
        self.reserve(1, field.len())?;
        self.text.push_str(field);
        // `reserve` refuses what 32 bits cannot count.
        self.ends.push(self.text.len() as u32);
        Ok(())
    }

    /// Appends some fields; all of them if their number fits, else none.
    ///
    /// The inner error is the number of fields.
    pub(crate) fn extend<'f>(
        &mut self,
        fields: impl IntoIterator<Item = &'f str>,
        wanted: usize,
    ) -> Result<Result<(), usize>, Error> {
        let (count, bytes) = (self.ends.len(), self.text.len());
        let pushed = fields.into_iter().try_for_each(|field| self.push(field));
        let found = self.ends.len() - count;
        if pushed.is_err() || found != wanted {
            self.ends.truncate(count);
            self.text.truncate(bytes);
        }
        pushed.map(|()| if found == wanted { Ok(()) } else { Err(found) })
    }

    /// Keeps the first fields only.
    pub(crate) fn truncate(&mut self, fields: usize) {
        self.ends.truncate(fields);
        self.text.truncate(self.ends.last().map_or(0, |&end| end as usize));
    }

    /// The field at a place that is there.
    pub(crate) fn get(&self, place: usize) -> &str {
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        &self.text[start..self.ends[place] as usize]
    }

    /// Gives back the room that was not used.
    pub(crate) fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }
}
