//! A position in a trace, as other programs send it.

use std::fmt;
use std::str::FromStr;

/// The `traceparent` of W3C Trace Context, version 00: the trace, the span that comes before, and whether it is sampled.
///
/// ```
/// use ingest::domain::trace_parent::TraceParent;
///
/// let parent: TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".parse().unwrap();
/// assert_eq!(parent.to_string(), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
/// assert!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331".parse::<TraceParent>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    trace: u128,
    span: u64,
    flags: u8,
}

/// A text that is no `traceparent` of version 00.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a traceparent is 00, 32, 16 and 2 hexadecimal digits with hyphens between them")]
pub struct NoTraceParent;

impl TraceParent {
    /// Reads the header of AWS X-Ray, `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`. Returns
    /// `None` if it names no trace or no span.
    ///
    /// ```
    /// use ingest::domain::trace_parent::TraceParent;
    ///
    /// let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    /// let parent = TraceParent::of_xray(header).unwrap();
    /// assert_eq!(parent.to_string(), "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01");
    /// assert_eq!(TraceParent::of_xray("Root=1-5759e988-bd862e3fe1be46a994272793"), None);
    /// ```
    pub fn of_xray(header: &str) -> Option<TraceParent> {
        let part = |name| {
            header.split(';').filter_map(|part| part.trim().split_once('=')).find(|(of, _)| *of == name)
        };
        let (_, root) = part("Root")?;
        let (time, rest) = root.strip_prefix("1-")?.split_once('-')?;
        let trace = hex(&format!("{time}{rest}"), 32)?;
        let span = hex(part("Parent")?.1, 16)? as u64;
        let flags = u8::from(part("Sampled").is_some_and(|(_, sampled)| sampled == "1"));
        Some(TraceParent { trace, span, flags })
    }
}

impl FromStr for TraceParent {
    type Err = NoTraceParent;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('-');
        let mut next = |digits| parts.next().and_then(|part| hex(part, digits)).ok_or(NoTraceParent);
        let (version, trace, span, flags) = (next(2)?, next(32)?, next(16)?, next(2)?);
        match (version, parts.next()) {
            (0, None) if trace != 0 && span != 0 => {
                Ok(TraceParent { trace, span: span as u64, flags: flags as u8 })
            }
            (..) => Err(NoTraceParent),
        }
    }
}

/// Parses exactly so many hexadecimal digits.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let is_hex = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, self.flags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_traceparent_is_refused() {
        for text in [
            "",
            "00",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319-'b7ad6b7169203331-01",
        ] {
            assert_eq!(text.parse::<TraceParent>(), Err(NoTraceParent), "{text}");
        }
        for header in
            ["", "Root=1-5759e988;Parent=53995c3f42cd8ad8", "Root=1-a-b;Parent=53995c3f42cd8ad8", "Self=1"]
        {
            assert_eq!(TraceParent::of_xray(header), None, "{header}");
        }
    }
}
