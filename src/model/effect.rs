//! What the app asks of the world. Plain data; only the runtime acts on it.

use crate::{
    learner::Event,
    model::{Job, JobId, Slot},
};

#[derive(Clone, Debug)]
pub enum Effect {
    /// Starts a job; it replaces the job before it in its slot, which is cancelled.
    Run {
        slot: Slot,
        id: JobId,
        job: Job,
    },
    Cancel(Slot),
    /// Appends to the progress log, in order; answered by `Msg::Stored`.
    Append(Vec<Event>),
    /// Puts text on the clipboard (OSC 52); answered by `Msg::Told`.
    Copy(String),
    /// Writes a file into the working folder under a name that is still free; answered by `Msg::Told`.
    Export {
        name: String,
        bytes: Vec<u8>,
    },
    /// Opens a text in the learner's own editor, the terminal given back meanwhile; answered by `Msg::Edited`.
    Edit(String),
    /// ctrl-z: restores the terminal and stops until `fg`.
    Suspend,
    Quit,
}
