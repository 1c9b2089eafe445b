//! Pipeline velocity: what the open pipeline is worth, how fast it flows, and what stands still. For
//! sales leads and analysts. It is asked of the [pipeline](crate::pipeline).

mod figures;
mod query;
mod stages;

pub(crate) use query::answer;
