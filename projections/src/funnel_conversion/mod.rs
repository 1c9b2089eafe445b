//! Funnel conversion: how many opportunities of a period reached each stage and were won. For sales
//! leads and analysts. It is asked of the [pipeline](crate::pipeline).

mod figures;
mod query;

pub(crate) use query::answer;
