//! The memory that the sorters of all jobs of a process share.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Memory for sorting. Clones share it. What one job holds another has to do without, and goes to temporary files
/// earlier.
#[derive(Debug, Clone)]
pub(crate) struct SortMemory {
    free: Arc<AtomicUsize>,
    total: usize,
}

impl SortMemory {
    /// Memory of `total` bytes. Each sorter may hold a sixteenth of that more, so that none has to write every record
    /// on its own where others hold all.
    pub(crate) fn new(total: usize) -> SortMemory {
        SortMemory { free: Arc::new(AtomicUsize::new(total)), total }
    }
}

/// What one sorter holds of it; given back when dropped.
#[derive(Debug)]
pub(super) struct Held {
    memory: SortMemory,
    shared: usize,
}

impl Held {
    pub(crate) fn new(memory: &SortMemory) -> Held {
        Held { memory: memory.clone(), shared: 0 }
    }

    /// Returns by how many bytes memory of `bytes` is to grow: in small steps, since doubling would hold up to twice
    /// what is needed. `None`: it may not.
    pub(crate) fn grow(&mut self, bytes: usize) -> Option<usize> {
        let total = self.memory.total;
        let step = (bytes / 4).max(total / 64);
        if bytes + step <= self.shared + total / 16 {
            return Some(step);
        }
        let taken = self
            .memory
            .free
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |free| free.checked_sub(step));
        taken.ok()?;
        self.shared += step;
        Some(step)
    }

    /// Gives all of it back.
    pub(crate) fn release(&mut self) {
        self.memory.free.fetch_add(std::mem::take(&mut self.shared), Ordering::Relaxed);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorters_together_hold_no_more_than_there_is() {
        let memory = SortMemory::new(1 << 20);
        let mut all: Vec<(Held, usize)> = (0..4).map(|_| (Held::new(&memory), 0)).collect();
        // In turn, until none of them may grow any more.
        while all.iter_mut().any(|(held, bytes)| {
            let step = held.grow(*bytes);
            *bytes += step.unwrap_or(0);
            step.is_some()
        }) {}
        let held: usize = all.iter().map(|(_, bytes)| bytes).sum();
        assert!(held <= (1 << 20) + 4 * (1 << 16), "{held}");
        assert!(all.iter().all(|(_, bytes)| *bytes > 0), "each gets some");
        all.truncate(1);
        let (one, bytes) = &mut all[0];
        let before = *bytes;
        while let Some(step) = one.grow(*bytes) {
            *bytes += step;
        }
        assert!(*bytes >= before && *bytes > 1 << 19, "what others gave back can be had");
    }
}
