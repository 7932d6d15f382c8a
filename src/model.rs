//! What the app knows (course, learner, settings) and the messages that come in and the effects that go out.

mod effect;
mod job;
mod msg;
mod route;
mod world;

pub use effect::Effect;
pub use job::{Failure, Job, JobEvent, JobId, Outcome, Slot};
pub use msg::{Msg, Now, Stored};
pub use route::{Route, RouteError};
pub use world::{Model, Saving, Start};
