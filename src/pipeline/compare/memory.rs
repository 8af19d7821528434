//! The memory that the sorters of all jobs in a process share.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A memory budget for sorting, shared by its clones. When one job has used it up, the others write to temporary
/// files earlier.
#[derive(Debug, Clone)]
pub(crate) struct SortMemory {
    free: Arc<AtomicUsize>,
    total: usize,
}

impl SortMemory {
    /// Creates a budget of `total` bytes. Each sorter may use another sixteenth of `total`, so that a sorter never
    /// has to write its records one by one because others have used the budget up.
    pub(crate) fn new(total: usize) -> SortMemory {
        SortMemory { free: Arc::new(AtomicUsize::new(total)), total }
    }
}

/// The part of the budget that one sorter uses; returned on drop.
#[derive(Debug)]
pub(super) struct Held {
    memory: SortMemory,
    shared: usize,
}

impl Held {
    pub(crate) fn new(memory: &SortMemory) -> Held {
        Held { memory: memory.clone(), shared: 0 }
    }

    /// Returns by how many bytes a buffer of `bytes` may grow, or `None` if the budget is used up. Grows in small
    /// steps, since doubling would use up to twice what is needed.
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

    /// Returns all reserved memory to the budget.
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
    fn sorters_together_stay_within_the_budget() {
        let memory = SortMemory::new(1 << 20);
        let mut all: Vec<(Held, usize)> = (0..4).map(|_| (Held::new(&memory), 0)).collect();
        // Round robin, until none may grow.
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
        assert!(*bytes >= before && *bytes > 1 << 19, "memory that others returned is available");
    }
}
