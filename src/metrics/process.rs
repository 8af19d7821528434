//! Processor time, memory and open files of the process, from `/proc`. Other systems than Linux have none of these.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

/// Reads `/proc` when the metrics are read.
#[derive(Debug)]
pub(super) struct Process;

impl Collector for Process {
    #[cfg(not(target_os = "linux"))]
    fn encode(&self, _encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        Ok(())
    }

    #[cfg(target_os = "linux")]
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        match linux::Usage::read() {
            Ok(usage) => usage.encode(encoder),
            // A container may hide /proc; then the other metrics are still useful.
            Err(_) => Ok(()),
        }
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fmt;
    use std::time::{SystemTime, UNIX_EPOCH};

    use procfs::process::Process;
    use procfs::{ProcResult, WithCurrentSystemInfo, boot_time_secs, ticks_per_second};
    use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
    use prometheus_client::metrics::counter::ConstCounter;
    use prometheus_client::metrics::gauge::ConstGauge;
    use prometheus_client::registry::Unit;

    pub(super) struct Usage {
        user_seconds: f64,
        system_seconds: f64,
        resident_bytes: u64,
        open_files: usize,
        uptime_seconds: f64,
    }

    impl Usage {
        pub(super) fn read() -> ProcResult<Usage> {
            let process = Process::myself()?;
            let stat = process.stat()?;
            let seconds = |ticks: u64| ticks as f64 / ticks_per_second() as f64;
            let started = boot_time_secs()? as f64 + seconds(stat.starttime);
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
            Ok(Usage {
                user_seconds: seconds(stat.utime),
                system_seconds: seconds(stat.stime),
                resident_bytes: stat.rss_bytes().get(),
                open_files: process.fd_count()?,
                uptime_seconds: (now - started).max(0.0),
            })
        }

        pub(super) fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
            let (user, system) =
                (ConstCounter::new(self.user_seconds), ConstCounter::new(self.system_seconds));
            let mut family = encoder.encode_descriptor(
                "process_cpu_time",
                "Processor time",
                Some(&Unit::Seconds),
                user.metric_type(),
            )?;
            user.encode(family.encode_family(&[("cpu_mode", "user")])?)?;
            system.encode(family.encode_family(&[("cpu_mode", "system")])?)?;
            let mut gauge = |name, help, unit: Option<Unit>, value: f64| {
                let value = ConstGauge::new(value);
                value.encode(encoder.encode_descriptor(name, help, unit.as_ref(), value.metric_type())?)
            };
            let bytes = self.resident_bytes as f64;
            gauge("process_memory_usage", "Resident memory", Some(Unit::Bytes), bytes)?;
            gauge("process_unix_file_descriptor_count", "Open files", None, self.open_files as f64)?;
            gauge("process_uptime", "Time since the start", Some(Unit::Seconds), self.uptime_seconds)
        }
    }
}
