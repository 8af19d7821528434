//! Calls of AWS that were tried to see whether they are allowed.

/// What a call is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Running jobs, and uploads.
    Work,
    /// The command for dead letters.
    DeadLetters,
}

/// The result of trying a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Permission {
    /// The action of IAM that allows the call, such as `s3:GetObject`.
    pub action: &'static str,
    /// The resource, as ARN or URL.
    pub resource: String,
    /// What the call is needed for.
    pub need: Need,
    /// The answer, if the call was denied.
    pub denied: Option<String>,
}
